namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Pairs that must not be taken for the same. One pair a line: given, two tildes, reference.</summary>
internal static class DifferentPairs
{
    public const string Table = """
        0.333 ~~ \frac13
        0.5 ~~ 50
        5\% ~~ 50
        \sqrt{2} ~~ \sqrt{3}
        \sqrt{2} ~~ 1.414
        (1,2] ~~ (1,2)
        [1,2] ~~ (1,2)
        \{1,2\} ~~ \{1,3\}
        (1,2) ~~ (2,1)
        (1,2) ~~ \{1,2\}
        1+\sqrt{19} ~~ 1\pm\sqrt{19}
        (x+1)^2 ~~ x^2+1
        5 m ~~ 5\text{ cm}
        5\text{ m} ~~ 5\text{ cm}
        B ~~ A
        Alice ~~ \text{Evelyn}
        4:3 ~~ 3:4
        12:30 ~~ 2:5
        12:45 ~~ 12:30
        2\pi ~~ 6.28
        3+4i ~~ 3-4i
        \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ~~ \begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}
        \begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}1&2\end{pmatrix}
        x=5 ~~ 6
        y = 2x+4 ~~ y=2x+3
        5x - 7y + 11z + 5 = 0 ~~ 5x - 7y + 11z + 4 = 0
        5x - 7y + 11z + 4 ~~ 5x - 7y + 11z + 4 = 0
        x+2=7 ~~ 7
        x > 3 ~~ [3,\infty)
        (-\infty,2]\cup(3,\infty) ~~ (-\infty, 2) \cup (3, \infty)
        2x+3y>5 ~~ 2x+3y<5
        -\infty ~~ \infty
        42 ~~ 52_8
        9^{9^{9^{9}}} ~~ 9^{9^{9^8}}
        10^{1000000} ~~ 10^{1000000}+1
        (3, \pi) ~~ \left( 3, \frac{\pi}{2} \right)
        q-p ~~ p - q
        3,5 ~~ 3, 5, 7
        a=1, b=2 ~~ a=2, b=1
        x=2, y=1 ~~ (1,2)
        yes ~~ no
        1 ~~ -1
        3r^2 ~~ 3R^2
        CAB ~~ ABC
        a_1 ~~ a_2
        12345678901234567890 ~~ 12345678901234567891
        10^{20}+\sqrt2 ~~ 10^{20}+\sqrt3
        seven ~~ 5
        hello ~~ 5
        x ~~ y
        \frac{1}{0} ~~ 5
        2,3 ~~ 2.3
        2 1/2 ~~ 1
        y\ge 2x+1 ~~ y\le 2x+1
        4.67 ~~ \frac{14}{3}
        2x+1 \ge 5 ~~ x\le2
        (1,2) ~~ (1,3)
        (1,2) ~~ 1
        5x ~~ 5
        5 ~~ 5x
        \sqrt{5} ~~ 5
        x^2 ~~ x^3
        -\frac12 ~~ \frac12
        2^{10} ~~ 1025
        \{1,2,3\} ~~ \{1,2\}
        x+y ~~ x-y
        \begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}2\\1\end{pmatrix}
        \text{north} ~~ \text{south}
        10:30 ~~ 10:31
        30^\circ ~~ 31^\circ
        52_8 ~~ 53_8
        52_8 ~~ 52_9
        5\% ~~ 6\%
        5 \text{ hours} ~~ 5\text{ minutes}
        y=2x ~~ y=3x
        x=2 ~~ y=3
        100,000 ~~ 10,000
        1,000 ~~ 1.000
        e ~~ 2.718
        \pi ~~ 22/7
        \pi ~~ 3.14
        \frac{0}{0} ~~ 0
        \sin x ~~ \cos x
        \ln x ~~ \log_{10} x
        [0,1) ~~ [0,1]
        n^2 ~~ n
        i ~~ -i
        \text{A} ~~ \text{B}
        (A) ~~ (B)
        C ~~ D
        6 a.m. ~~ 6 p.m.
        5m ~~ 6
        a ~~ b
        2,3 ~~ 3,4
        x<3 ~~ x>3
        x<3 ~~ x\le 3
        (3,4) ~~ [3,4]
        \{3,4\} ~~ (3,4)
        1.5 ~~ 1,5
        12 ~~ 1,2
        3x+2 ~~ 3x-2
        \sqrt{12} ~~ 2\sqrt{2}
        \frac{1}{2} ~~ \frac{2}{1}
        5 ~~ -5
        \$5 ~~ 5\text{ cents}
        y=2x ~~ y=2x+1
        x=1 ~~ x=1,2
        50\% ~~ 5
        0.05 ~~ 5.0
        5 ~~ 5\text{ million}
        |x-2|<3 ~~ [-1,5]
        |x-2|<3 ~~ (-1,6)
        |x-2|>3 ~~ (-1,5)
        |x|<-1 ~~ (-1,1)
        2x+1 \ge 5 ~~ (2,\infty)
        -3 < 2x - 1 \le 5 ~~ (-1,3)
        A(1,2) ~~ (2,1)
        A(1,2) ~~ B(1,2)
        p=5,q=2;p=7,q=2 ~~ (5,2),(2,7)
        p=5,q=2;q=7,p=2 ~~ (5,2),(7,2)
        a:b=3:8 ~~ 8:3
        1234,56 ~~ 123456
        2,74 ~~ 274
        0,5 ~~ 5
        1.234,56 ~~ 1.23456
        1,234 ~~ 1.234
        32, 349 ~~ 32349
        12:00 ~~ 1:00
        \begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix} ~~ \begin{pmatrix}3&4\\1&2\end{pmatrix}
        \begin{pmatrix}1&2\end{pmatrix}+\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}2&4\end{pmatrix}
        """;
}
