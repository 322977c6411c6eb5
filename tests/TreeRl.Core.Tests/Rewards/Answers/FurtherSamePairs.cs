namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Pairs that mean the same: what solutions write in place of published references. One pair a line: given, two tildes, reference.</summary>
internal static class FurtherSamePairs
{
    public const string Table = """
        \frac{1}{3} ~~ 0.\bar{3}
        0.\overline{142857} ~~ 1/7
        \text{The answer is }5 ~~ 5
        x^2-4x+4 = 0 ~~ (x-2)^2=0
        \frac{x+2}{x^2-4} ~~ \frac{1}{x-2}
        (-\infty,-5)\cup(-5,\infty) ~~ x\neq-5
        (-\infty,-5)\cup(-5,\infty) ~~ \mathbb{R}\setminus\{-5\}
        \{-5,-4,...,4\} ~~ \{-5,-4,\ldots,4\}
        \text{January 5} ~~ January 5th
        7.50 ~~ \$7.50
        \$7.50 per hour ~~ 7.5
        3\frac{1}{2} \text{ hours} ~~ 3.5
        3 1/2 ~~ 3.5
        2 1/2 ~~ \frac52
        -2 1/2 ~~ -2.5
        \frac{-3+\sqrt{17}}{4} ~~ \frac{\sqrt{17}-3}{4}
        \sqrt{2}+\sqrt{3} ~~ \sqrt{3}+\sqrt{2}
        \tfrac12+\tfrac13 ~~ 5/6
        \left[\frac{\pi^2}{8},\frac{5\pi^2}{4}\right] ~~ \left[ \frac{\pi^2}{8}, \frac{5 \pi^2}{4} \right]
        1/8 \pi^2 ~~ \frac{\pi^2}{8}
        2^{1/2} ~~ \sqrt2
        \sin^{-1}(1/2) ~~ \frac{\pi}{6}
        \arctan(1) ~~ 45^\circ
        \log_{2}(8) ~~ 3
        \log_3(2) ~~ \frac{\log 2}{\log 3}
        \ln(2) ~~ \log 2
        \frac{\log 8}{\log 2} ~~ 3
        \cos^2\theta-\sin^2\theta ~~ \cos 2\theta
        \sec^2 x ~~ 1+\tan^2 x
        e^{-x} ~~ \frac{1}{e^x}
        e^{2\pi i/3} ~~ -\frac12+\frac{\sqrt3}{2}i
        -\frac{1}{2} + \frac{i\sqrt{3}}{2} ~~ e^{2\pi i/3}
        \text{cis } 60^\circ ~~ \frac12+\frac{\sqrt3}2 i
        \frac{3!}{2!} ~~ 3
        \binom{n}{2} ~~ n(n-1)/2
        C(5,2) ~~ C(5,2)
        _5C_2 ~~ _5C_2
        (1, 2) \cup (2, 3) ~~ (2,3) \cup (1,2)
        [1,2]\cup[2,3] ~~ [1,3]
        (x-1)(x+1)>0 ~~ x^2-1>0
        a<b<c ~~ c>b>a
        y\ge 2x+1 ~~ 2x+1\le y
        \mathbf{A} ~~ A
        \boldsymbol{\frac12} ~~ 0.5
        \textbf{(B)}\ 12 ~~ B
        \textbf{(B)}\ 12 ~~ 12
        \mathrm{(B)} ~~ B
        (B) ~~ \textbf{(B)}
        B. 12 ~~ B
        \text{B} ~~ \text{(B)}
        \text{Yes} ~~ yes
        \text{True} ~~ true
        even ~~ \text{even}
        \text{is even} ~~ is even
        \begin{bmatrix}1&0\\0&1\end{bmatrix} ~~ \begin{pmatrix}1&0\\0&1\end{pmatrix}
        \begin{bmatrix} 1 & 0 \\ 0 & 1 \\ \end{bmatrix} ~~ \begin{pmatrix}1&0\\0&1\end{pmatrix}
        \left[\begin{matrix}1&0\\0&1\end{matrix}\right] ~~ \begin{pmatrix}1&0\\0&1\end{pmatrix}
        \begin{pmatrix}0.2\\-3.6\end{pmatrix} ~~ \begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix}
        (1/5, -18/5) ~~ \begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix}
        [1/5, -18/5] ~~ \begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix}
        [[1,0],[0,1]] ~~ \begin{pmatrix}1&0\\0&1\end{pmatrix}
        \begin{vmatrix}1&2\\3&4\end{vmatrix} ~~ -2
        2\begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{pmatrix}2\\4\end{pmatrix}
        5\text{ and }-5 ~~ \pm5
        5, -5 ~~ \pm 5
        -5 and 5 ~~ \{5,-5\}
        \{1\pm\sqrt{5},-2\} ~~ -2, 1+\sqrt5, 1-\sqrt5
        \{-2,1-\sqrt5,1+\sqrt5\} ~~ \{1\pm\sqrt{5},-2\}
        -2,1\pm\sqrt5 ~~ \{1\pm\sqrt{5},-2\}
        3 \pm 2 \sqrt{2} ~~ 3+2\sqrt2, 3-2\sqrt2
        3+2\sqrt2 \text{ and } 3-2\sqrt2 ~~ 3 \pm 2 \sqrt{2}
        \frac{6\pm4\sqrt2}{2} ~~ 3 \pm 2 \sqrt{2}
        0.15 ~~ 15\%
        15\text{ cm}^2 ~~ 15\mbox{ cm}^2
        15 \text{cm}^{2} ~~ 15\mbox{ cm}^2
        864\text{ in}^2 ~~ 864 \mbox{ inches}^2
        864\text{ in.}^2 ~~ 864 \mbox{ inches}^2
        5.4¢ ~~ 5.4 \text{ cents}
        \$0.054 ~~ 5.4 \text{ cents}
        $5.4\textrm{ cents}$ ~~ 5.4 \text{ cents}
        \frac{270}{7}\text{ deg} ~~ \frac{270}7\text{ degrees}
        38\frac{4}{7}^\circ ~~ \frac{270}7\text{ degrees}
        x=5, y=3 ~~ x=5,y=3
        (5, 3) ~~ x=5, y=3
        x^5 - x^4 + x^3 - x^2 + x - 1 ~~ \frac{x^6-1}{x+1}
        \frac{14}{3} ~~ 4\frac23
        4.666666666666667 ~~ \frac{14}{3}
        4.666667 ~~ \frac{14}{3}
        11\sqrt{2} ~~ 11\sqrt2
        15.5563491861 ~~ 11\sqrt2
        1:1 ~~ 1
        1 : 2 ~~ 1:2
        1\text{ to }2 ~~ 1:2
        5 to 3 ~~ 5:3
        12:00 ~~ 12:00
        10:30 a.m. ~~ 10:30
        5 \times 10^{-3} ~~ 0.005
        3.0 \times 10^8 ~~ 300000000
        3\cdot10^8\text{ m/s} ~~ 3\times 10^8
        10 \text{ m/s} ~~ 10\text{ meters per second}
        36\text{ km/h} ~~ 10\text{ m/s}
        100^2 ~~ 10000
        {10}^{2} ~~ 100
        \sqrt{100} ~~ 10
        7!/5! ~~ 42
        \dfrac{7!}{5!} ~~ 42
        2 \times 3 \times 5 ~~ 30
        2^2 \cdot 3 ~~ 12
        f(x)=\frac{1}{x} ~~ \frac1x
        g(x) = 2x ~~ h(x)=2x
        a_n = 2n+1 ~~ 2n+1
        S_n = \frac{n(n+1)}2 ~~ n(n+1)/2
        \frac{dy}{dx} = 2x ~~ 2x
        V = 36\pi ~~ 36\pi
        A=\pi r^2 ~~ \pi r^2
        \text{Area} = 12 ~~ 12
        Area = 12 ~~ 12
        The area is 12 ~~ 12
        \therefore x = 5 ~~ 5
        =5 ~~ 5
        x= ~~ x=
        \Rightarrow 5 ~~ 5
        x \approx 5 ~~ 5
        \approx 5 ~~ 5
        $\approx 3.14159$ ~~ \pi
        5 + 0i ~~ 5
        5i+0 ~~ 5i
        n \equiv 2 \pmod{5} ~~ 2 \pmod 5
        2 mod 5 ~~ 2
        \text{odd} ~~ odd
        x\leq 2 ~~ (-\infty,2]
        (-\infty , 2 ] ~~ (-\infty,2]
        x \in (-\infty,2] ~~ x\le2
        -x \ge -2 ~~ x\le2
        2x \le 4 ~~ x\le2
        2x+1 \le 5 ~~ x\le2
        1,2,3,4 ~~ \{1,2,3,4\}
        \{ 1 , 2 , 3 , 4 \} ~~ 4,3,2,1
        1 2 3 ~~ 1 2 3
        no real solutions ~~ \emptyset
        \text{None} ~~ \emptyset
        ABC ~~ \triangle ABC
        \overline{AB} ~~ \overline{AB}
        \angle A ~~ A
        P = (1,2) ~~ (1,2)
        \left\langle 1, 2 \right\rangle ~~ \begin{pmatrix}1\\2\end{pmatrix}
        \mathbf{u} = (1,2) ~~ (1,2)
        1.5\overline{3} ~~ \frac{23}{15}
        30\% ~~ 3/10
        30 \% ~~ 30%
        \frac{3}{10} ~~ 30\text{ percent}
        6 \text{ p.m.} ~~ 6 PM
        5 m ~~ 5\text{ m}
        5 m ~~ 5
        The area is 12 square feet ~~ 12
        9.8\text{ m/s}^2 ~~ 9.8
        \text{12 cm} ~~ 12
        """;
}
