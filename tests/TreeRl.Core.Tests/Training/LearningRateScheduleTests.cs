using System;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Warm_up_rises_in_equal_steps_and_reaches_the_peak_with_its_last_update()
    {
        var schedule = new LearningRateSchedule { Peak = 0.4, WarmupUpdates = 4 };
        double[] expected = [0.1, 0.2, 0.3, 0.4, 0.4, 0.4];
        for (int update = 0; update < expected.Length; update++)
            Assert.Equal(expected[update], schedule.At(update, 6), 12);
    }

    [Fact]
    public void Cosine_starts_at_the_peak_passes_the_middle_and_ends_at_the_floor()
    {
        var schedule = new LearningRateSchedule { Peak = 1, Decay = Decay.Cosine, FloorShare = 0.2 };
        Assert.Equal(1.0, schedule.At(0, 5), 12);
        Assert.Equal(0.6, schedule.At(2, 5), 12);
        Assert.Equal(0.2, schedule.At(4, 5), 12);
    }

    [Fact]
    public void Linear_decay_after_a_warm_up_ends_at_the_floor()
    {
        var schedule = new LearningRateSchedule { Peak = 1, WarmupUpdates = 2, Decay = Decay.Linear };
        Assert.Equal(0.5, schedule.At(0, 6), 12);
        Assert.Equal(1.0, schedule.At(2, 6), 12);
        Assert.Equal(1.0 / 3, schedule.At(4, 6), 12);
        Assert.Equal(0.0, schedule.At(5, 6), 12);
    }

    [Theory]
    [InlineData(0, 0, 0.5)]
    [InlineData(double.NaN, 0, 0.5)]
    [InlineData(1, -1, 0.5)]
    [InlineData(1, 0, 1.5)]
    public void A_value_that_breaks_its_rule_is_refused(double peak, int warmup, double floor)
    {
        var schedule = new LearningRateSchedule { Peak = peak, WarmupUpdates = warmup, FloorShare = floor };
        Assert.Throws<ArgumentOutOfRangeException>(schedule.Validated);
    }
}
