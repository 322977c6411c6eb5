namespace TreeRl

open System
open System.Globalization

/// <summary>One line, area or row of points of a chart; NaN in y leaves a gap. Low and high, when not empty, are the ends of an interval.</summary>
type Series =
    {
        /// <summary>The name in the legend.</summary>
        Name: string
        /// <summary>Abscissae, ascending.</summary>
        X: float[]
        /// <summary>Ordinates, as many as abscissae.</summary>
        Y: float[]
        /// <summary>Lower end of the interval, as many as abscissae or none.</summary>
        Low: float[]
        /// <summary>Upper end of the interval, as many as abscissae or none.</summary>
        High: float[]
        /// <summary>Thin lines drawn with it, such as the single seeds behind a mean: x and y of each.</summary>
        Threads: (float[] * float[])[]
        /// <summary>Place in the palette of seven colours; None takes the series' own place among the series.</summary>
        Colour: int option
    }

/// <summary>How a chart draws its series.</summary>
[<RequireQualifiedAccess>]
type ChartKind =
    /// <summary>Lines with bands.</summary>
    | Lines
    /// <summary>Areas upon each other; all series have the same abscissae.</summary>
    | Stacked
    /// <summary>Points with error bars, one row for each name; abscissae are rows, 0 the first, ordinates lie on the horizontal axis.</summary>
    | Intervals of names: string[]

module internal Palette =
    /// The colours of light pages; style sheets have lighter ones for dark pages.
    let colours =
        [|
            "#0067b1"
            "#c85200"
            "#00876c"
            "#b0468c"
            "#3c9bd9"
            "#a87800"
            "#7a838f"
        |]

    /// Place in the palette of the series at a place of a chart.
    let place (index: int) (series: Series) =
        Option.defaultValue index series.Colour % colours.Length

/// <summary>Round tick positions.</summary>
module internal Ticks =
    /// Multiples of 1, 2 or 5 times a power of ten that cover low .. high with about `count` intervals.
    let cover low high count =
        let span =
            if high > low then high - low
            elif low <> 0.0 then abs low
            else 1.0

        let rough = span / float count
        let power = Math.Pow(10.0, Math.Floor(Math.Log10 rough))
        let unit = rough / power

        let step =
            power
            * (if unit <= 1.0 then 1.0
               elif unit <= 2.0 then 2.0
               elif unit <= 5.0 then 5.0
               else 10.0)

        let first = Math.Floor(low / step + 1e-9)
        let last = Math.Ceiling((if high > low then high else low + span) / step - 1e-9)
        [| for i in first..last -> Math.Round(i * step, 12) |]

    /// 1500000 as "1.5M"; small numbers in full.
    let label (value: float) =
        let short (scaled: float) suffix =
            scaled.ToString("0.###", CultureInfo.InvariantCulture) + suffix

        if abs value >= 1e9 then
            short (value / 1e9) "G"
        elif abs value >= 1e6 then
            short (value / 1e6) "M"
        elif abs value >= 1e4 then
            short (value / 1e3) "k"
        elif value <> 0.0 && abs value < 1e-3 then
            value.ToString("0.##e0", CultureInfo.InvariantCulture)
        else
            value.ToString("0.####", CultureInfo.InvariantCulture)
