namespace TreeRl.Tests.Rewards.Answers;

/// <summary>Solution texts whose final answer is right. One a line: text (with \n for a line break), two tildes, reference.</summary>
internal static class GradedTexts
{
    public const string Right = """
        The final answer is $2/3$. ~~ $\frac{2}{3}$
        The answer is \boxed{\frac{2}{3}}. ~~ 2/3
        Final Answer: The final answer is $\frac{1}{2}$. I hope it is correct. ~~ 0.5
        So the answer is 1,234 dollars. ~~ 1234
        ...\n#### 1,234 ~~ 1234
        We get $x=1$ and then $x = 5$ ~~ 5
        $\boxed{1}$ and $\boxed{2}$ ~~ 1,2
        \boxed{1}, \boxed{2} ~~ \{1, 2\}
        first \boxed{3} but later we see that the result is \boxed{4} ~~ 4
        \boxed 5 ~~ 5
        so $\boxed{\text{Evelyn}}$ ~~ \text{Evelyn}
        \fbox{7} ~~ 7
        <think>\boxed{3}</think> It is \boxed{4} ~~ 4
        **Answer:** 42 ~~ 42
        **Answer: 42** ~~ 42
        Answer: (B) ~~ B
        The correct answer is (C) 12. ~~ C
        The answer is $\$5$ ~~ 5
        The answer is $5 ~~ 5
        The answer is $5.50. ~~ 5.5
        The answer is 50%. ~~ 0.5
        The answer is $50\%$. ~~ 50
        42 ~~ 42
        x+1 ~~ 1+x
        There are 5 apples ~~ 5
        She has 7 eggs left, so 7 * 2 = $14 ~~ 14
        Answer: $x = 3$ or $x = -3$ ~~ \pm 3
        The answer is $3$ and $-3$. ~~ -3, 3
        \[ \boxed{(3,4]} \] ~~ (3,4]
        \boxed{\{1,2\}} ~~ \{2,1\}
        \boxed{\boxed{5}} ~~ 5
        \boxed{x \in [-2,7]} ~~ x \in [-2,7]
        The answer is $-\frac{1}{2}$ ~~ -0.5
        thus \(\frac{3}{4}\). ~~ 0.75
        The final answer is: $\boxed{12}$ ~~ 12
        Therefore, the answer is **18**. ~~ 18
        The answer is\n\n5 ~~ 5
        \$\$ 5 \$\$ ~~ 5
        $$\frac{1}{2}$$ ~~ .5
        The solutions are $1$, $2$ and $3$. The answer is $1$, $2$, $3$. ~~ 1,2,3
        \boxed{10\text{ cm}} ~~ 10
        The answer is 10 cm ~~ 10
        \boxed{5 \%} ~~ 5
        \boxed{11,111,111,100} ~~ 11,\! 111,\! 111,\! 100
        \boxed{-1} ~~ $-1$
        $-1$ ~~ -1
        1/3 ~~ $\frac13$
        $\begin{pmatrix} 1 \\ 2 \end{pmatrix}$ ~~ \begin{pmatrix}1\\2\end{pmatrix}
        $\begin{align*} x &= 5 \end{align*}$ ~~ 5
        answer is $\frac{1}{2}$ or 0.5 ~~ 0.5
        A ~~ A
        The answer is A. ~~ A
        \text{A} ~~ A
        The answer is $\text{(A)}$ ~~ A
        no answer here ~~ no answer here
        \boxed{y = 2x+3} ~~ y=2x+3
        \\boxed{5} ~~ 5
        The result is $100,000$ ~~ 100000
        $10^{-3}$ ~~ 0.001
        $1-e^{-x}$ ~~ $-e^{-x}+1$
        $\frac{\ln 2}{\ln 3}$ ~~ $\log_3 2$
        $2^{n}-1$ ~~ 2^n - 1
        $\{x\mid x\ne 1\}$ ~~ (-\infty,1)\cup(1,\infty)
        $x \neq 1, x\neq 2$ ~~ (-\infty,1)\cup(1,2)\cup(2,\infty)
        $-5 \le x < 3$ ~~ [-5,3)
        $3 > x \ge -5$ ~~ [-5,3)
        $[-5;3)$ ~~ [-5,3)
        $f(x) = x^2, x > 0$ ~~ $f(x)=x^2, x>0$
        $90^\circ$ ~~ $\frac{\pi}{2}$
        $1.0$ ~~ 1
        $\frac{-1}{2}$ ~~ $-\frac12$
        $\frac{1}{-2}$ ~~ $-\frac12$
        $|x|$ ~~ $\sqrt{x^2}$
        $\left(\frac{1}{2}, \frac{3}{4}\right)$ ~~ (0.5, 0.75)
        $\displaystyle \frac{\sqrt{10}}{2}$ ~~ \sqrt{2.5}
        $a^{2}+b^{2}$ ~~ b^2+a^2
        $\text{No}$ ~~ No
        $3\sqrt[3]{2}$ ~~ \sqrt[3]{54}
        $2 \cdot 3^{n}$ ~~ 2*3^n
        $4.5\%$ ~~ 0.045
        $4:5$ ~~ 4/5
        $\sqrt{3}+\sqrt{2}$ ~~ 1/(\sqrt3-\sqrt2)
        $\operatorname{arctan}(2)$ ~~ \tan^{-1}(2)
        $\frac{\pi^2}{6}$ ~~ \pi^2/6
        $3, \frac{1}{2}$ ~~ \{0.5, 3\}
        $(-1, 2), (3, 4)$ ~~ \{(3,4),(-1,2)\}
        $(x,y) = (1,2)$ ~~ (1,2)
        $(x, y, z) = (1,2,3)$ ~~ (1,2,3)
        $x = 1, y = 2, z=3$ ~~ (1,2,3)
        $k<1$ ~~ $1>k$
        $a \leq -1$ ~~ (-\infty,-1]
        $p=5$ and $q=3$ ~~ (5,3)
        $\frac{3\pm\sqrt{5}}{2}$ ~~ \frac{3+\sqrt5}{2}, \frac{3-\sqrt5}{2}
        $x=\frac{3\pm\sqrt{5}}{2}$ ~~ \frac{3+\sqrt5}{2}, \frac{3-\sqrt5}{2}
        $2x-y+3=0$ ~~ $y=2x+3$
        $\boxed{9:00\text{ a.m.}}$ ~~ 9:00
        $33\frac{1}{3}\%$ ~~ \frac13
        $\mathbf{i}+2\mathbf{j}$ ~~ 2\mathbf{j}+\mathbf{i}
        $\boxed{6\text{ and }8}$ ~~ 6,8
        $C = 5$ ~~ 5
        $\sqrt 2$ units ~~ \sqrt{2}
        $2^{2005}$ ~~ 2\cdot 4^{1002}
        $1+2+3+\cdots+n$ ~~ 1+2+3+\cdots+n
        $n(n+1)(2n+1)/6$ ~~ \frac{n(n+1)(2n+1)}{6}
        $7\text{ days}$ ~~ 1 week
        Answer: \frac{1}{2} ~~ 0.5
        \frac{1}{2} ~~ 0.5
        x = 2 ~~ 2
        12 \text{ and } 13 ~~ 12,13
        -16.0 ~~ -16
        9/4 ~~ 2.25
        So the minimum is $\frac{7}{2}$, attained at $x = 1$. The answer is $\frac72$ ~~ 3.5
        the answer is 3. ~~ 3
        the answer is: 3 ~~ 3
        The answer is therefore $\boxed{3}$. ~~ 3
        the value of x is 3 ~~ 3
        \boxed{x=3} ~~ 3
        \boxed{3 \text{ or } 4} ~~ 3,4
        1.234e5 ~~ 123400
        Answer: 12 (or about a dozen) ~~ 12
        The answer is 12, which is even. ~~ 12
        The answer is $12$, which is even. ~~ 12
        The answer is 12 because 3*4=12. ~~ 12
        The answer is -5/2 ~~ -2.5
        Horse #2 loses and 40-24 = 16 think #12 wins...\nA: 16 ~~ 16
        A: $1,250 ~~ 1250
        Final Answer: The largest number of pieces that one can cut is 22. Good luck. ~~ 22
        We check $n = 90$ first. Hence there are 12 such sequences. ~~ 12
        It holds that $$a \ge \frac{2}{1}.$$ Therefore the error grows by 100%. ~~ 100\%
        $$\boxed{(2, 2)} \quad \text{and} \quad \boxed{(6, 2)}$$ ~~ (2, 2), (6, 2)
        \(a = \boxed{3}\) and \(b_2 = \boxed{4}\) ~~ 3, 4
        so it is \\boxed{004}. ~~ 4
        That makes 2,74 in all ~~ 2.74
        """;
}
