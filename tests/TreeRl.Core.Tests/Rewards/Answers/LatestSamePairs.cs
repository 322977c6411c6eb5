namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Pairs that mean the same: solved inequalities, labelled points, decimal commas, sums of matrices. One pair a line: given, two tildes, reference.</summary>
internal static class LatestSamePairs
{
    public const string Table = """
        |x-2|<3 ~~ (-1,5)
        (-1,5) ~~ |x-2|<3
        |x - 2| \le 3 ~~ [-1, 5]
        |x-2| < 3 ~~ -1 < x < 5
        |2x+1| \ge 5 ~~ (-\infty,-3]\cup[2,\infty)
        3 > |t| ~~ (-3,3)
        2 \le |y| \le \frac{7}{2} ~~ \left[-\frac72,-2\right]\cup\left[2,\frac72\right]
        |1-x|<\sqrt2 ~~ (1-\sqrt2, 1+\sqrt2)
        2x+1 \ge 5 ~~ [2,\infty)
        5-3x < 11 ~~ (-2,\infty)
        -3 < 2x - 1 \le 5 ~~ (-1,3]
        0 < f(x) < 1 ~~ (0,1)
        A(1,2) ~~ (1,2)
        (3,-1) ~~ P(3,-1)
        A(1,2), B(3,4) ~~ (1,2), (3,4)
        M = (2,5) ~~ (2,5)
        p=5,q=2;p=7,q=2 ~~ (5,2),(7,2)
        (1,2),(3,4) ~~ x=3,y=4;x=1,y=2
        a:b=3:8 ~~ 3:8
        1000,99 ~~ 1000.99
        2,74 ~~ 2.74
        3.25 ~~ 3,25
        0,5 ~~ \frac12
        0,125 ~~ 1/8
        1.234,56 ~~ 1234.56
        1.234.567,5 ~~ 1234567.5
        12:00 ~~ 12:00
        \begin{pmatrix}1&2\\3&4\end{pmatrix}+\begin{pmatrix}1&1\\0&-4\end{pmatrix} ~~ \begin{pmatrix}2&3\\3&0\end{pmatrix}
        \begin{pmatrix}1&2\\3&4\end{pmatrix}-\begin{pmatrix}1&1\\0&-4\end{pmatrix} ~~ \begin{pmatrix}0&1\\3&8\end{pmatrix}
        \begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}5\\6\end{pmatrix} ~~ \begin{pmatrix}17\\39\end{pmatrix}
        2\begin{pmatrix}0&1\\1&0\end{pmatrix}\begin{pmatrix}1&2\\3&4\end{pmatrix} ~~ \begin{pmatrix}6&8\\2&4\end{pmatrix}
        x_{1}=2,\quadx_{2}=5 ~~ 2, 5
        """;
}
