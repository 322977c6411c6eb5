using System;
using System.Collections.Immutable;
using TreeRl.Training;
using Xunit;

namespace TreeRl.Tests.Training;

public sealed class PlanJsonTests
{
    private sealed record Inner(double Rate, Func<int, int>? Rule);

    private sealed record Outer(string Name, Decay Decay, ImmutableArray<Inner> Parts, double Limit, Inner? None);

    private sealed class Endless
    {
        public Endless Self => this;
    }

    [Fact]
    public void Every_setting_is_written_by_name_and_functions_by_the_fact_that_they_are()
    {
        var plan = new Outer("a \"b\"", Decay.Cosine, [new Inner(0.5, x => x)], double.PositiveInfinity, null);
        string json = PlanJson.Write(plan);
        Assert.Contains("\"name\": \"a \\\"b\\\"\"", json);
        Assert.Contains("\"decay\": \"Cosine\"", json);
        Assert.Contains("\"rate\": 0.5", json);
        Assert.Contains("\"rule\": \"function\"", json);
        Assert.Contains("\"limit\": \"Infinity\"", json);
        Assert.Contains("\"none\": null", json);
    }

    [Fact]
    public void Equal_settings_have_equal_fingerprints_and_a_changed_number_changes_it()
    {
        string first = PlanJson.Write(new Inner(0.5, null)), again = PlanJson.Write(new Inner(0.5, null)), other = PlanJson.Write(new Inner(0.25, null));
        Assert.Equal(PlanJson.Fingerprint(first), PlanJson.Fingerprint(again));
        Assert.NotEqual(PlanJson.Fingerprint(first), PlanJson.Fingerprint(other));
    }

    [Fact]
    public void Settings_that_refer_to_themselves_are_refused()
    {
        var error = Assert.Throws<NotSupportedException>(() => PlanJson.Write(new Endless()));
        Assert.Contains("Endless", error.Message);
    }
}
