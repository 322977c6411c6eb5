using System.Linq;

namespace TreeRl.Rewards.Answers;

/// <summary>Sums and products of matrices, cell by cell as expressions.</summary>
internal static class MatrixArithmetic
{
    /// <summary>Most nodes that a product may have; long products, whose cells grow with every factor, stay as they are.</summary>
    private const long LargestProduct = 10_000;

    /// <summary>The one matrix that a sum or product of matrices is; null when the shapes do not fit or the budget ends.</summary>
    public static MathNode? Evaluate(MathNode node, WorkBudget budget)
    {
        if (node.Kind == MathKind.Multiply) return Product(node, budget);
        var terms = node.Args.Select(static a => a is { Kind: MathKind.Negate, Args: [{ Kind: MathKind.Matrix } matrix] } ? matrix.With([.. matrix.Args.Select(MathNode.Negate)]) : a).ToArray();
        MathNode first = terms[0];
        if (terms.Any(t => t.Kind != MathKind.Matrix || t.Columns != first.Columns || t.Args.Count != first.Args.Count) || !budget.Spend((long)terms.Length * first.Args.Count)) return null;
        return MathNode.Matrix(first.Columns, [.. Enumerable.Range(0, first.Args.Count).Select(i => new MathNode(MathKind.Add, "", [.. terms.Select(t => t.Args[i])]))]);
    }

    private static MathNode? Product(MathNode node, WorkBudget budget)
    {
        MathNode[] numbers = [.. node.Args.Where(static a => a.Kind != MathKind.Matrix)], matrices = [.. node.Args.Where(static a => a.Kind == MathKind.Matrix)];
        if (numbers.Any(static n => !n.IsScalar)) return null;
        MathNode product = matrices[0];
        foreach (MathNode right in matrices.Skip(1))
        {
            int inner = product.Columns, rows = product.Args.Count / inner;
            long cost = (long)rows * inner * right.Columns + (long)right.Columns * product.Size + (long)rows * right.Size;
            if (right.Args.Count != inner * right.Columns || cost > LargestProduct || !budget.Spend(cost)) return null;
            MathNode left = product;
            product = MathNode.Matrix(right.Columns, [.. Enumerable.Range(0, rows * right.Columns).Select(cell => new MathNode(MathKind.Add, "",
                [.. Enumerable.Range(0, inner).Select(k => new MathNode(MathKind.Multiply, "", left.Args[cell / right.Columns * inner + k], right.Args[k * right.Columns + cell % right.Columns]))]))]);
        }
        if (numbers.Length == 0) return product;
        return budget.Spend((long)numbers.Sum(static n => n.Size) * product.Args.Count) ? product.With([.. product.Args.Select(cell => new MathNode(MathKind.Multiply, "", [.. numbers, cell]))]) : null;
    }
}
