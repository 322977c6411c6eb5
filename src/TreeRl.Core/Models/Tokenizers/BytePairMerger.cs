using System;
using System.Collections.Generic;

namespace TreeRl.Models;

/// <summary>
/// Byte-pair merging: again and again the adjacent pair of lowest rank, the leftmost of equals, becomes one symbol. A linked list of symbols and a heap of the
/// joins that were possible when they were found make it O(n log n) for n symbols, whatever the text.
/// </summary>
internal sealed class BytePairMerger
{
    // (left id, right id) -> (rank, joined id), each two numbers in one.
    private readonly Dictionary<ulong, ulong> joins;

    /// <summary>Makes the merger of a list of merges; of a pair listed twice the later entry counts.</summary>
    public BytePairMerger(IReadOnlyList<Merge> merges)
    {
        joins = new Dictionary<ulong, ulong>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
            joins[Pack(merges[rank].Left, merges[rank].Right)] = Pack(rank, merges[rank].Joined);
    }

    /// <summary>One entry of the merge list: two ids and the id of their concatenation.</summary>
    public readonly record struct Merge(int Left, int Right, int Joined);

    /// <summary>Merges the first <paramref name="count"/> symbols in place and returns how many are left, at the front.</summary>
    public int Apply(int[] symbols, int count, Workspace work)
    {
        if (count < 2) return count;
        work.Reset(count);
        int[] next = work.Next, before = work.Before;
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1;
            before[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) Offer(i);

        while (work.TryPop(out ulong entry))
        {
            int rank = (int)(entry >> 32), left = (int)(uint)entry, right = next[left];
            // Outdated when the left symbol was joined to its left, or either has grown since.
            if (symbols[left] < 0 || right >= count) continue;
            if (!joins.TryGetValue(Pack(symbols[left], symbols[right]), out ulong join) || (int)(join >> 32) != rank) continue;
            symbols[left] = (int)(uint)join;
            symbols[right] = -1;
            next[left] = next[right];
            if (next[left] < count) before[next[left]] = left;
            if (before[left] >= 0) Offer(before[left]);
            if (next[left] < count) Offer(left);
        }

        int kept = 0;
        for (int i = 0; i < count; i = next[i]) symbols[kept++] = symbols[i];
        return kept;

        void Offer(int left)
        {
            if (joins.TryGetValue(Pack(symbols[left], symbols[next[left]]), out ulong join)) work.Push((join & 0xFFFFFFFF00000000UL) | (uint)left);
        }
    }

    private static ulong Pack(int high, int low) => ((ulong)(uint)high << 32) | (uint)low;

    /// <summary>Buffers of one encoding, used again for each of its words, and the count of the work done in them. Not to be shared between threads.</summary>
    internal sealed class Workspace
    {
        private ulong[] heap = new ulong[64];
        private int size;

        /// <summary>Heap entries moved so far: the measure of the work.</summary>
        public long Moves { get; private set; }

        /// <summary>Index of the symbol after each symbol.</summary>
        public int[] Next { get; private set; } = new int[64];

        /// <summary>Index of the symbol before each symbol, -1 for the first.</summary>
        public int[] Before { get; private set; } = new int[64];

        /// <summary>The symbols of the word at hand; grows on demand by <see cref="Add"/>.</summary>
        public int[] Symbols { get; private set; } = new int[64];

        /// <summary>Number of symbols added.</summary>
        public int Count { get; set; }

        /// <summary>Appends a symbol.</summary>
        public void Add(int id)
        {
            if (Count == Symbols.Length)
            {
                int[] longer = new int[2 * Count];
                Array.Copy(Symbols, longer, Count);
                Symbols = longer;
            }
            Symbols[Count++] = id;
        }

        /// <summary>Makes room for <paramref name="count"/> symbols and empties the heap.</summary>
        public void Reset(int count)
        {
            size = 0;
            if (Next.Length >= count) return;
            int room = Math.Max(count, 2 * Next.Length);
            Next = new int[room];
            Before = new int[room];
        }

        /// <summary>Adds an entry: rank in the high half, position in the low half.</summary>
        public void Push(ulong entry)
        {
            if (size == heap.Length) Array.Resize(ref heap, 2 * size);
            int at = size++;
            while (at > 0 && heap[(at - 1) / 2] > entry)
            {
                heap[at] = heap[(at - 1) / 2];
                at = (at - 1) / 2;
                Moves++;
            }
            heap[at] = entry;
            Moves++;
        }

        /// <summary>Takes the smallest entry.</summary>
        public bool TryPop(out ulong smallest)
        {
            smallest = 0;
            if (size == 0) return false;
            smallest = heap[0];
            ulong last = heap[--size];
            int at = 0;
            for (int child = 1; child < size; child = 2 * at + 1)
            {
                if (child + 1 < size && heap[child + 1] < heap[child]) child++;
                if (heap[child] >= last) break;
                heap[at] = heap[child];
                at = child;
                Moves++;
            }
            heap[at] = last;
            Moves++;
            return true;
        }
    }
}
