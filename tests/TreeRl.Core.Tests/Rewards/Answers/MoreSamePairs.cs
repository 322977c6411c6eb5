namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Pairs that mean the same: sets of reals, units, lists, words, wrappers. One pair a line: given, two tildes, reference.</summary>
internal static class MoreSamePairs
{
    public const string Table = """
        58500 ~~ 58,500
        \$18.90 ~~ 18.9
        $18.90 ~~ \$18.90
        \$32,348 ~~ \$32,\!348
        18.90 dollars ~~ \$18.90
        -\$5 ~~ -5
        5.4 ~~ 5.4 \text{ cents}
        5.4 cents ~~ 5.4 \text{ cents}
        864 inches^2 ~~ 864 \mbox{ inches}^2
        864 ~~ 864 \mbox{ inches}^2
        864\text{ square inches} ~~ 864 \mbox{ inches}^2
        \frac{270}{7} ~~ \frac{270}7\text{ degrees}
        \frac{270}{7}^\circ ~~ \frac{270}7\text{ degrees}
        1\frac{4}{5} ~~ \frac{9}{5}
        1 4/5 ~~ 1\frac{4}{5}
        1.8 ~~ 1\frac{4}{5}
        137.5 ~~ 137 \frac{1}{2}
        -1\frac12 ~~ -1.5
        9^{9^{9^{9}}} ~~ 9^{9^{9^9}}
        10^{1000000} ~~ 100^{500000}
        2^{2n} ~~ 4^n
        2^{-3} ~~ \frac18
        x^{-1} ~~ \frac1x
        \sqrt{x^2} ~~ |x|
        \sqrt{x}\sqrt{y} ~~ \sqrt{xy}
        e^{2x} ~~ (e^x)^2
        e^x ~~ \exp(x)
        11\sqrt{5}+11 ~~ 11(1+\sqrt5)
        11\sqrt5 + 11 ~~ 11 \sqrt{5} + 11
        18+2\pi ~~ 2(9+\pi)
        \left( 3, \frac{\pi}{2} \right) ~~ (3,\pi/2)
        (3, 0.5\pi) ~~ \left( 3, \frac{\pi}{2} \right)
        \left(\frac35,\frac83\right] ~~ \left(\frac{3}{5},\frac{8}{3}\right]
        p-q ~~ p - q
        3, 5 and 7 ~~ 3,5,7
        3, 5, and 7 ~~ 3, 5, 7
        7,5,3 ~~ 3, 5, 7
        (1,2),(3,4) ~~ (3,4),(1,2)
        (1,2)\text{ and }(3,4) ~~ (1,2), (3,4)
        a=1, b=2 ~~ b=2, a=1
        x=1, y=2 ~~ (1,2)
        five ~~ 5
        two ~~ 2
        21st ~~ 21
        5^{\text{th}} ~~ 5
        5th ~~ 5
        6 - 5i ~~ 6-5 i
        10,000 ~~ 10000
        10 000 ~~ 10000
        10\,000 ~~ 10000
        (1,000, 2,000) ~~ (1000,2000)
        \boxed{5} ~~ 5
        \boxed{\frac12} ~~ 0.5
        $5$ ~~ 5
        \(5\) ~~ 5
        \[5\] ~~ 5
        **5** ~~ 5
        **1234** ~~ 1234
        5. ~~ 5
        5\\ ~~ 5
        5 ~~ 5
        5.0 ~~ 5
        5.00 ~~ 5
        05 ~~ 5
        +5 ~~ 5
        --5 ~~ 5
        −5 ~~ -5
        .5 ~~ 0.5
        0.50 ~~ .5
        \displaystyle\frac12 ~~ 1/2
        \left(\frac{1}{2}\right) ~~ 1/2
        {5} ~~ 5
        \mathrm{E} ~~ E
        \mathbf{5} ~~ 5
        \text{5} ~~ 5
        \text{5 cm} ~~ 5
        \text{yes} ~~ Yes
        no ~~ No
        \text{June 20} ~~ June 20
        6\text{ hours} ~~ 6
        1\text{ hour} ~~ 60\text{ minutes}
        \frac{2}{3}\text{ cup} ~~ 2/3
        3x^2\text{ units} ~~ 3x^2
        0 ~~ 0.0
        -0 ~~ 0
        x^8 + x^7 + x^6 + x^5 + x^4 + x^3 + x^2 + x + 1 ~~ \frac{x^9-1}{x-1}
        (x-1)(x^4+x^2+1) ~~ x^5 - x^4 + x^3 - x^2 + x - 1
        8n^2+4n+1 ~~ 4n(2n+1)+1
        \frac{11+9a}{20} ~~ \frac{9a+11}{20}
        \frac{11}{20}+\frac{9a}{20} ~~ \frac{11+9a}{20}
        0.55+0.45a ~~ \frac{11+9a}{20}
        2k+2 ~~ 2(k+1)
        6(r^2) - 4r - 24 ~~ 6r^2-4r-24
        x \to 5 ~~ 5
        x\equiv 3 \pmod 7 ~~ 3 \pmod{7}
        3 \pmod 7 ~~ 3
        \frac{20000}{\pi} ~~ 20000/\pi
        8 \pi ~~ 8π
        288\pi\text{ cubic inches} ~~ 288 \pi
        \frac{243}{625} ~~ 0.38880
        \frac{448}{15625} ~~ 448/15625
        \text{$\frac12$} ~~ \frac{1}{2}
        15x-80 ~~ 5(3x-16)
        \sqrt{\frac{3}{4}} ~~ \frac{\sqrt3}{2}
        -\sqrt3 ~~ -3^{1/2}
        \sin x ~~ \sin(x)
        \frac{n(n+1)}{2} ~~ \binom{n+1}{2}
        CAB ~~ CAB
        f^{-1}(x) = \frac{x-3}{2} ~~ \frac{x-3}{2}
        y^2 = 4x ~~ 4x = y^2
        \frac{x^2}{4}+y^2=1 ~~ x^2+4y^2=4
        (x-3)^2+(y+2)^2=25 ~~ x^2-6x+y^2+4y=12
        25^\circ 30' ~~ 25.5^\circ
        \$ 36 ~~ \$36
        36 USD ~~ \$36
        x \in \{1,2\} ~~ 1,2
        x=1, x=2 ~~ x \in \{1, 2\}
        [1,2,3] ~~ 1,2,3
        1;2;3 ~~ 1,2,3
        (1,000, 200) ~~ (1000,200)
        11, 111, 111, 100 ~~ 11111111100
        \frac{3}{5} \text{ mile} ~~ 0.6
        70 \sqrt{2} ~~ 70√2
        \tan\theta ~~ \tan(\theta)
        1-\frac{1}{n+1} ~~ \frac{n}{n+1}
        a^2b ~~ ba^2
        a_1 + a_2 ~~ a_2+a_1
        Alice and Bob ~~ Bob and Alice
        Alice, Bob ~~ Bob, Alice
        2 \text{ or } 3 ~~ 3, 2
        \frac{1}{2} = 0.5 ~~ 0.5
        \text{ellipse} ~~ an ellipse
        \text{the ellipse} ~~ ellipse
        \sum_{k=1}^n k ~~ \sum_{k=1}^n k
        \overline{AB} ~~ AB
        5 apples ~~ 5
        5 apples and 3 pears ~~ 5, 3
        \left\{-5, 4\right\} ~~ 4,-5
        \gcd(12, 18) ~~ 6
        \max(3,7) ~~ 7
        4^{3/2} ~~ 8
        2^{10} - 1 ~~ 1023
        0.1 + 0.2 ~~ 0.3
        12345678901234567890 ~~ 12345678901234567890.0
        \frac{1}{1+\frac{1}{2}} ~~ \frac23
        \cfrac{1}{2} ~~ .5
        3 \times 4 ~~ 12
        3 * 4 ~~ 12
        3 \cdot x ~~ 3x
        2**3 ~~ 8
        xy ~~ yx
        2ab ~~ 2ba
        \vec{v} ~~ v
        \theta = \frac{\pi}{4} ~~ \frac{\pi}{4}
        \ell = 3 ~~ 3
        \frac{d}{2} ~~ d/2
        1/2 + 1/3 ~~ 5/6
        (2,\infty) ~~ (2, +\infty)
        [0,\infty] ~~ [0,\infty)
        k = 4 ~~ 4
        n=4 \text{ or } n=-4 ~~ \pm 4
        5 \text{ feet} ~~ 5 ft
        5\,\text{cm} ~~ 5
        5~\mathrm{cm} ~~ 5
        5 \mathrm{~cm} ~~ 5
        \frac{3}{4} hours ~~ 0.75
        1.0 \times 10^{6} ~~ 1000000
        The answer is 5 ~~ 5
        answer: 5 ~~ 5
        \arcsin(1) ~~ \pi/2
        y = -2x ~~ -2x
        -2 \cdot x ~~ y=-2x
        \text{A,B} ~~ A, B
        1:2:3 ~~ 2:4:6
        \left(-\infty, 0\right] ~~ (-\infty, 0]
        (0,9)\cup(9,36) ~~ (9,36)\cup(0,9)
        (0,36)\setminus\{9\} ~~ (0,9) \cup (9,36)
        0 < x < 9 \text{ or } 9 < x < 36 ~~ (0,9) \cup (9,36)
        18.0 ~~ 18
        $18 ~~ 18
        18 eggs ~~ 18
        1,234.00 ~~ 1234
        $1,234.00 ~~ 1234
        1234 dollars ~~ 1234
        1,234. ~~ 1234
        $70,000.00 ~~ 70000
        5 hours ~~ 5
        3.50 ~~ 3.5
        10 % ~~ 10
        1/2 hour ~~ 0.5
        2/4 ~~ 1/2
        -\frac{3}{8} ~~ \frac{-3}{8}
        \frac{3}{-8} ~~ -\frac38
        x^{10} ~~ x^10
        a+b-c ~~ b-c+a
        2x^2 y ~~ 2yx^2
        (x+2)(x-2) ~~ x^2-4
        -(x-2) ~~ 2-x
        \frac{x-1}{2} ~~ \frac{1}{2}(x-1)
        \frac{1}{2}(x-1) ~~ 0.5x-0.5
        2(x+y) ~~ 2x+2y
        x(x+1) ~~ x^2+x
        x y ~~ xy
        \sqrt{x+1} ~~ (x+1)^{1/2}
        \sqrt[4]{16} ~~ 2
        \sqrt[n]{x} ~~ x^{1/n}
        \frac{\sqrt{2}+\sqrt{6}}{4} ~~ \cos 15^\circ
        \sqrt{8+2\sqrt{15}} ~~ \sqrt{3}+\sqrt{5}
        \sqrt{7}i ~~ i\sqrt{7}
        \frac{1+i}{\sqrt2} ~~ e^{i\pi/4}
        (3,\ \frac{\pi}{2}) ~~ \left(3,\frac{\pi}{2}\right)
        (r,\theta)=(3,\pi/2) ~~ (3,\pi/2)
        \infty ~~ +\infty
        [0, \infty) ~~ x \geq 0
        \left[0,\infty\right) ~~ [0,\infty)
        (-\infty,\infty) ~~ \mathbb R
        \text{all real numbers} ~~ \mathbb{R}
        x \in \mathbb{R} ~~ \mathbb{R}
        (0,1)\cup(1,\infty) ~~ (0,\infty)\setminus\{1\}
        x>0, x\ne1 ~~ x>0,x\neq 1
        \{x|x\in\mathbb{R}, x\neq 0\} ~~ (-\infty,0)\cup(0,\infty)
        \{0\} ~~ 0
        [2,2] ~~ [2,2]
        \{(1,2),(3,4)\} ~~ (1,2),(3,4)
        (1,2);(3,4) ~~ (1,2),(3,4)
        (1,2), (3,4), and (5,6) ~~ (5,6),(3,4),(1,2)
        x=3\text{ or }x=-1 ~~ 3,-1
        x = 3, -1 ~~ -1,3
        x=-1,\,3 ~~ -1,3
        k=1,2 ~~ 1,2
        x = 2 \text{ and } y = 3 ~~ (2,3)
        4 \text{ cm by } 5 \text{ cm} ~~ 4 \text{ cm by } 5 \text{ cm}
        a^3+b^3 ~~ (a+b)(a^2-ab+b^2)
        \cos(2x) ~~ 1-2\sin^2(x)
        \tan 45^{\circ} ~~ 1
        \log_{4} 8 ~~ 1.5
        2\ln 3 ~~ \ln 9
        \frac{e^x+e^{-x}}{2} ~~ \cosh x
        e^{\ln 5} ~~ 5
        5!! ~~ 15
        \lfloor\pi\rfloor ~~ 3
        |{-7}| ~~ 7
        \lvert -7\rvert ~~ 7
        10\frac12\% ~~ 0.105
        $0.75 ~~ 75 cents
        75¢ ~~ 75\text{ cents}
        2 \text{ dozen} ~~ 2 dozen
        3^{\circ} ~~ 3
        3\,\text{m}^{2} ~~ 3
        3\,\mathrm{m}^2 ~~ 3
        3 \text{ m}^2 ~~ 3\text{ square meters}
        25\pi \text{ cm}^2 ~~ 25\pi
        y=\frac{1}{2}x+3 ~~ x-2y+6=0
        y - 3 = \frac12 x ~~ y=\frac{1}{2}x+3
        x+2y=4 ~~ 2x+4y=8
        y=-\frac{1}{2}x+2 ~~ x+2y=4
        \text{(D)} ~~ D
        \boxed{\text{D}} ~~ D
        D) 15 ~~ D
        \textbf{D} ~~ D
        choice D ~~ D
        Choice (D) ~~ D
        \text{Monday} ~~ Monday
        monday ~~ \text{Monday}
        April 3, 2020 ~~ April 3, 2020
        12:30 PM ~~ 12:30\text{ p.m.}
        two hundred ~~ two hundred
        no ~~ \text{No}
        0.\overline{09} ~~ \frac{1}{11}
        0.\overline{1} ~~ \frac19
        \frac{1}{2}\cdot\frac{3}{4} ~~ \frac38
        \frac{1}{2} \times 3 ~~ 1.5
        6\div 4 ~~ 1.5
        {-3} ~~ -3
        (-3) ~~ -3
        (3) ~~ 3
        2^{\frac{1}{3}} ~~ \sqrt[3]{2}
        10^{-2} ~~ 0.01
        2e ~~ 2e
        ex ~~ xe
        \$5\text{ million} ~~ \$5\text{ million}
        5\text{ million} ~~ 5,000,000
        1.5 million ~~ 1500000
        11_2 ~~ 3_{10}
        101_{\text{two}} ~~ 101_2
        (101)_2 ~~ 101_2
        0 ~~ \$0
        """;
}
