using System;
using TreeRl.Numerics;
using Xunit;

namespace TreeRl.Tests.Numerics;

public unsafe class NativeBufferTests
{
    [Fact]
    public void A_buffer_begins_on_a_cache_line_or_a_page_for_its_size_and_is_zero()
    {
        foreach (var (length, boundary) in new (long, nint)[] { (1, 64), (3, 64), (17, 64), (1000, 64), (1024, 4096), (100_000, 4096), (1 << 19, 2 << 20), (700_001, 2 << 20) })
        {
            using var buffer = new NativeBuffer<float>(length);
            Assert.Equal(0, (nint)buffer.Pointer % boundary);
            Assert.Equal(length, buffer.Length);
            Assert.False(buffer.Span.ContainsAnyExcept(0f));
        }
    }

    [Fact]
    public void A_buffer_grows_only_when_it_must_with_slack_and_comes_back_zero()
    {
        using var buffer = new NativeBuffer<int>();
        Assert.True(buffer.Pointer == null);
        Assert.True(buffer.EnsureCapacity(100));
        Assert.Equal(100, buffer.Length);
        buffer.Span.Fill(7);
        int* kept = buffer.Pointer;
        Assert.False(buffer.EnsureCapacity(100));
        Assert.True(kept == buffer.Pointer);
        Assert.Equal(7, buffer.Pointer[99]);
        Assert.True(buffer.EnsureCapacity(101));
        Assert.Equal(150, buffer.Length);
        Assert.False(buffer.Span.ContainsAnyExcept(0));
        Assert.False(buffer.EnsureCapacity(150));
    }

    [Fact]
    public void Clearing_zeroes_and_disposing_twice_is_allowed()
    {
        var buffer = new NativeBuffer<double>(9);
        buffer.Span.Fill(1.5);
        buffer.Clear();
        Assert.False(buffer.Span.ContainsAnyExcept(0.0));
        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal(0, buffer.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer<int>(-1));
    }
}
