namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Pairs that mean the same: numbers, percent, radicals, functions, matrices, equations. One pair a line: given, two tildes, reference.</summary>
internal static class SamePairs
{
    public const string Table = """
        0.5 ~~ \frac{1}{2}
        \frac12 ~~ \frac{1}{2}
        \dfrac{1}{2} ~~ \frac12
        \tfrac{3}{4} ~~ 0.75
        3/4 ~~ \frac 34
        {1}\over{2} ~~ \frac12
        {1 \over 2} ~~ 0.5
        0.333333 ~~ \frac13
        0.3333333333 ~~ 1/3
        0.\overline{3} ~~ \frac{1}{3}
        0.333... ~~ 1/3
        0.\overline{27} ~~ \frac{3}{11}
        50\% ~~ 0.5
        50\% ~~ 50
        50 ~~ 50\%
        50% ~~ \frac{1}{2}
        0.5\% ~~ .5
        25 percent ~~ 25\%
        25\text{ percent} ~~ 0.25
        2\sqrt{3} ~~ \sqrt{12}
        \frac{\sqrt{3}}{3} ~~ \frac{1}{\sqrt{3}}
        \sqrt{28} ~~ 2\sqrt7
        1.41421 ~~ \sqrt2
        sqrt(2)/2 ~~ \frac{\sqrt{2}}{2}
        √2/2 ~~ \frac{\sqrt{2}}{2}
        \sqrt{5+2\sqrt{6}} ~~ \sqrt{2}+\sqrt{3}
        \sqrt[3]{16} ~~ 2\sqrt[3]{2}
        16^{1/3} ~~ 2\sqrt[3]{2}
        (-8)^{1/3} ~~ -2
        \sqrt{-4} ~~ 2i
        [1,2] ~~ \left[1,2\right]
        \{1,2\} ~~ \{2,1\}
        1,2 ~~ \{2,1\}
        {1,2} ~~ \{2,1\}
        1 \text{ and } 2 ~~ 2,1
        x=1 or x=2 ~~ 1,2
        x_1 = 1, x_2 = 2 ~~ 1, 2
        1 \pm \sqrt 2 ~~ 1+\sqrt2, 1-\sqrt2
        \{1+\sqrt{2},1-\sqrt{2}\} ~~ 1 \pm \sqrt 2
        x = \pm 2 ~~ 2, -2
        \pm 3 ~~ -3, 3
        1\pm\sqrt{19} ~~ 1-\sqrt{19}, 1 + \sqrt{19}
        \frac{1}{2}x ~~ x/2
        \frac{x}{2} ~~ 0.5x
        (x+1)^2 ~~ x^2+2x+1
        x^2+2x+1 ~~ (1+x)^{2}
        (x-2)(x+3) ~~ x^2+x-6
        \frac{1}{x}+\frac1y ~~ \frac{x+y}{xy}
        5\text{ cm} ~~ 5
        5 ~~ 5\text{ cm}
        5 cm ~~ 5\text{ cm}
        5 centimeters ~~ 5\text{ cm}
        500\text{ cm} ~~ 5\text{ m}
        15\mbox{ cm}^2 ~~ 15
        15 square centimeters ~~ 15\mbox{ cm}^2
        15cm^2 ~~ 15\mbox{ cm}^2
        60 mph ~~ 60
        60\text{ miles per hour} ~~ 60
        10^{3} ~~ 1000
        10^3 ~~ 1,000
        1.2\times10^3 ~~ 1200
        1.2 \cdot 10^{3} ~~ 1200
        1.2e3 ~~ 1200
        1.2E-3 ~~ 0.0012
        6.72\times10^{-5} ~~ .0000672
        90^\circ ~~ 90
        90 ~~ 90^\circ
        90^{\circ} ~~ 90°
        90 degrees ~~ 90^\circ
        \frac{\pi}{2} ~~ 90^\circ
        (A) ~~ A
        \text{(A)} ~~ A
        A ~~ \text{(A)}
        \textbf{(A)} ~~ A
        A. ~~ A
        (A) 12 ~~ A
        \text{(C)} ~~ C
        Option A ~~ A
        (B) 12 ~~ 12
        Evelyn ~~ \text{Evelyn}
        evelyn ~~ \text{Evelyn}
        \textbf{Evelyn} ~~ \text{Evelyn}
        3:4 ~~ 3:4
        6:8 ~~ 3:4
        3:4 ~~ \frac{3}{4}
        12:30 ~~ 12:30
        12:30 \text{ p.m.} ~~ 12:30
        \frac{\pi}{6} ~~ 30^\circ
        \pi/6 ~~ \frac{\pi}{6}
        \frac{1}{6}\pi ~~ \frac\pi6
        2\pi ~~ 6.283185
        \log_2 8 ~~ 3
        \log_{10} 1000 ~~ 3
        \ln e^2 ~~ 2
        \log 6 ~~ \log 2 + \log 3
        \sin 30^\circ ~~ \frac12
        \sin(30^\circ) ~~ 0.5
        \cos\frac{\pi}{3} ~~ \frac{1}{2}
        \sin^2 x + \cos^2 x ~~ 1
        2\sin x\cos x ~~ \sin 2x
        \tan^{-1} 1 ~~ \frac{\pi}{4}
        \cot x ~~ \frac{\cos x}{\sin x}
        \cot{x} ~~ \cot x
        cot(x) ~~ \cot x
        5! ~~ 120
        \binom{13}{5} ~~ 1287
        \dbinom{5}{2} ~~ 10
        {5 \choose 2} ~~ 10
        \frac{10!}{5!5!} ~~ 252
        n! ~~ n(n-1)!
        |x-3| ~~ |3-x|
        |-5| ~~ 5
        \left|\frac{-5}{2}\right| ~~ 2.5
        \lfloor 3.7 \rfloor ~~ 3
        \lceil 3.2 \rceil ~~ 4
        3+4i ~~ 4i+3
        (1+i)^2 ~~ 2i
        e^{i\pi} ~~ -1
        \frac{1}{i} ~~ -i
        \begin{pmatrix}1\\2\end{pmatrix} ~~ \begin{bmatrix}1\\2\end{bmatrix}
        \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ~~ \left(\begin{array}{cc}1&2\\3&4\end{array}\right)
        \begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix} ~~ \frac15\begin{pmatrix}1\\-18\end{pmatrix}
        (1,2,3) ~~ \begin{pmatrix}1\\2\\3\end{pmatrix}
        \langle 1,2,3\rangle ~~ (1,2,3)
        x=5 ~~ 5
        5 ~~ x=5
        x = 5 ~~ x=5
        y = 2x+3 ~~ 2x+3
        2x+3 = y ~~ y = 2x+3
        f(x) = 2x+3 ~~ y = 2x+3
        f(x)=2x+3 ~~ 2x+3
        y-2x-3=0 ~~ y=2x+3
        2y = 4x+6 ~~ y=2x+3
        5x - 7y + 11z + 4 = 0 ~~ -5x+7y-11z-4=0
        10x-14y+22z+8=0 ~~ 5x - 7y + 11z + 4 = 0
        x^2+y^2=4 ~~ 4 = x^2+y^2
        m+n = 7 ~~ 7
        2+2 = 4 ~~ 4
        \frac{8!}{5!3!} = 56 ~~ 56
        \frac13 \approx 0.33 ~~ \frac{1}{3}
        AB = 5 ~~ 5
        P(A) = \frac12 ~~ \frac{1}{2}
        \angle ABC = 30^\circ ~~ 30^\circ
        x > 3 ~~ (3,\infty)
        (3,\infty) ~~ x>3
        3 < x ~~ x>3
        x \ge 3 ~~ [3,\infty)
        -2 \le x \le 7 ~~ [-2,7]
        [-2,7] ~~ x \in [-2,7]
        -2\leq x\leq7 ~~ x \in [-2,7]
        x<2 \text{ or } x>3 ~~ (-\infty,2)\cup(3,\infty)
        (3,\infty)\cup(-\infty,2) ~~ (-\infty, 2) \cup (3, \infty)
        (-\infty,2)U(3,\infty) ~~ (-\infty, 2) \cup (3, \infty)
        (-∞, 2) ∪ (3, ∞) ~~ (-\infty, 2) \cup (3, \infty)
        \mathbb{R} \setminus \{0\} ~~ (-\infty,0)\cup(0,\infty)
        x \ne 0 ~~ (-\infty,0)\cup(0,\infty)
        \mathbb{R} ~~ (-\infty,\infty)
        all real numbers ~~ (-\infty,\infty)
        \{x | x > 3\} ~~ (3,\infty)
        \{x \mid x > 3\} ~~ (3,\infty)
        \{x : x > 3\} ~~ (3,\infty)
        2x+3y<5 ~~ 5 > 2x+3y
        4x+6y<10 ~~ 2x+3y<5
        \infty ~~ \infty
        infinity ~~ \infty
        \emptyset ~~ \{\}
        \varnothing ~~ \text{no solution}
        1010_2 ~~ 1010_{2}
        1010_2 ~~ 10_{10}
        52 ~~ 52_8
        52_{8} ~~ 52_8
        4210_5 ~~ 4210_{5}
        1{,}000 ~~ 1000
        1,000 ~~ 1000
        11,\! 111,\! 111,\! 100 ~~ 11111111100
        10,080 ~~ 10,\!080
        """;
}
