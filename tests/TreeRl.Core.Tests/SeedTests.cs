using System;
using System.Linq;
using Xunit;

namespace TreeRl.Tests;

public sealed class SeedTests
{
    [Fact]
    public void The_same_path_of_names_gives_the_same_seed_and_order_of_asking_does_not_matter()
    {
        var root = Seed.Of(7);
        double late = root.Child("sample").Child(3).Uniform(10);
        _ = root.Child("other").Uniform(0);
        Assert.Equal(late, root.Child("sample").Child(3).Uniform(10));
    }

    [Fact]
    public void Different_names_indices_and_roots_give_different_seeds()
    {
        var seeds = Enumerable.Range(0, 2000).Select(i => Seed.Of(1).Child(i))
            .Concat(Enumerable.Range(0, 2000).Select(i => Seed.Of(2).Child(i)))
            .Concat(Enumerable.Range(0, 2000).Select(i => Seed.Of(1).Child($"name{i}")))
            .Concat(Enumerable.Range(0, 2000).Select(i => Seed.Of(i + 10)));
        Assert.Equal(8000, seeds.Distinct().Count());
    }

    [Fact]
    public void Uniform_draws_fill_the_unit_interval_evenly()
    {
        const int draws = 100_000, bins = 20;
        var seed = Seed.Of(11);
        var counts = new int[bins];
        for (int i = 0; i < draws; i++)
        {
            double u = seed.Uniform(i);
            Assert.InRange(u, 0, 1 - 1e-16);
            counts[(int)(u * bins)]++;
        }
        double expected = (double)draws / bins;
        double chiSquare = counts.Sum(c => (c - expected) * (c - expected) / expected);
        Assert.InRange(chiSquare, 0, 43.8); // 99.9 % point of chi-square with 19 degrees of freedom
    }

    [Fact]
    public void A_bounded_draw_covers_its_range_evenly_and_refuses_an_empty_one()
    {
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++) counts[Seed.Of(5).Below(7, i)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400)); // 4 standard deviations
        Assert.Throws<ArgumentOutOfRangeException>(() => Seed.Of(5).Below(0));
    }

    [Fact]
    public void A_permutation_holds_every_index_once_and_moves_them()
    {
        int[] order = Seed.Of(3).Permutation(50);
        Assert.Equal(Enumerable.Range(0, 50), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 50), order);
    }
}
