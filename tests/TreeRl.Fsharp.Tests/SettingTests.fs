module TreeRl.Tests.SettingTests

open Xunit

[<Fact>]
let ``a seed names the same draw every time`` () =
    Assert.Equal(TreeRl.Seed.Of(7L).Uniform(3L), TreeRl.Seed.Of(7L).Uniform(3L))
