package pages

import (
	"math"
	"slices"
	"time"
)

// OverviewPage shows how many statements there were, where, about what and when.
type OverviewPage struct {
	Frame
	Months  []time.Time // the first days, oldest first
	All     []int       // statements of each month
	Parts   []Series    // parts of the world; what is in several counts in each, so they may add up to more than All
	Regions []Series
	Topics  []Series
}

// Series is how many statements carried a tag, month by month.
type Series struct {
	Label  Words
	Href   string
	Counts []int
	Place  Place // of a region on the map
}

// Total adds the counts up.
func (s Series) Total() int {
	n := 0
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// Place is where a region's tile lies on the map of tiles, from 1; zero means
// that it has no place there.
type Place struct{ Row, Column int }

// places are where the regions of the UN's M49 lie, as a reader of a world map
// would look for them.
var places = map[string]Place{
	"northern-america": {1, 1}, "northern-europe": {1, 3}, "eastern-europe": {1, 4}, "central-asia": {1, 5}, "eastern-asia": {1, 6},
	"central-america": {2, 1}, "caribbean": {2, 2}, "western-europe": {2, 3}, "southern-europe": {2, 4}, "western-asia": {2, 5}, "southern-asia": {2, 6},
	"south-america": {3, 2}, "western-africa": {3, 3}, "northern-africa": {3, 4}, "south-eastern-asia": {3, 6},
	"middle-africa": {4, 3}, "eastern-africa": {4, 4}, "micronesia": {4, 5}, "polynesia": {4, 6},
	"southern-africa": {5, 4}, "australia-and-new-zealand": {5, 5}, "melanesia": {5, 6},
}

// PlaceOf gives the place of a region by its slug.
func PlaceOf(region string) Place { return places[region] }

// Bar is a rectangle of a drawing, in its own units.
type Bar struct {
	X, Y, Width, Height float64
	Class               int // of its colour
}

// Spark is a small drawing of a series: a bar for each month.
type Spark struct {
	Width, Height int
	Bars          []Bar
}

// Spark draws a series; most is the count that reaches up to the top, the same
// for all drawings that are to be compared.
func (p *OverviewPage) Spark(s Series, most int) Spark {
	const step, height = 8, 28
	out := Spark{Width: step * len(s.Counts), Height: height}
	for i, n := range s.Counts {
		if n > 0 {
			h := max(1.5, tenth(float64(n)*height/float64(max(most, 1))))
			out.Bars = append(out.Bars, Bar{X: p.side(float64(i*step)+1, step-2, float64(out.Width)), Y: tenth(height - h), Width: step - 2, Height: h})
		}
	}
	return out
}

// side turns a place from the left into one from the side that the language
// begins at: time goes the way that people read.
func (p *OverviewPage) side(x, width, whole float64) float64 {
	if p.Language.Direction == "rtl" {
		return tenth(whole - x - width)
	}
	return tenth(x)
}

func tenth(f float64) float64 { return math.Round(f*10) / 10 }

// Most gives the highest count of any month among the series.
func (p *OverviewPage) Most(all []Series) int {
	most := 0
	for _, s := range all {
		most = max(most, slices.Max(s.Counts))
	}
	return most
}

// Level gives how full a region's tile is, from 0 to 5, beside the fullest one.
func (p *OverviewPage) Level(s Series) int {
	most := 0
	for _, r := range p.Regions {
		most = max(most, r.Total())
	}
	if s.Total() == 0 {
		return 0
	}
	// By the root, or one busy region would leave all others pale.
	return 1 + int(4*math.Sqrt(float64(s.Total())/float64(most)))
}

// Line is a line of a chart's scale.
type Line struct {
	Y     float64
	Count int
}

// Column is a month of a chart.
type Column struct {
	Month  time.Time
	Center float64
	Label  bool // its name stands below
	Bars   []Bar
	Count  int
}

// Chart is the drawing of all months.
type Chart struct {
	Width, Height, Base float64 // Base is where the bars stand
	Left, Right         float64 // ends of the lines
	Scale               float64 // where the scale's numbers stand
	Lines               []Line
	Columns             []Column
}

// Chart draws all months, each bar stacked by parts of the world. A statement
// about two parts counts half in either, so that a bar is as high as its month
// has statements.
func (p *OverviewPage) Chart() Chart {
	const width, height, base, top, margin = 720, 250, 220, 16, 44
	out := Chart{Width: width, Height: height, Base: base, Left: margin, Right: width}
	if p.Language.Direction == "rtl" {
		out.Left, out.Right = 0, width-margin
		out.Scale = width
	}
	most := nice(slices.Max(p.All))
	y := func(n float64) float64 { return tenth(base - n*(base-top)/float64(most)) }
	for i := range 3 {
		n := most * i / 2
		out.Lines = append(out.Lines, Line{y(float64(n)), n})
	}
	step := (width - margin) / float64(len(p.Months))
	for i, month := range p.Months {
		from := margin + step*float64(i)
		c := Column{Month: month, Count: p.All[i], Label: (len(p.Months)-1-i)%3 == 0, Center: p.side(from+step/2, 0, width)}
		sum := 0
		for _, part := range p.Parts {
			sum += part.Counts[i]
		}
		share := 1.0
		if sum > p.All[i] {
			share = float64(p.All[i]) / float64(sum)
		}
		at := 0.0
		bar := func(n float64, class int) {
			if n > 0 {
				upper := y(at + n)
				c.Bars = append(c.Bars, Bar{X: p.side(from+step*.15, step*.7, width), Y: upper, Width: tenth(step * .7), Height: tenth(y(at) - upper), Class: class})
				at += n
			}
		}
		for j, part := range p.Parts {
			bar(float64(part.Counts[i])*share, j+1)
		}
		bar(float64(p.All[i])-at, 0)
		out.Columns = append(out.Columns, c)
	}
	return out
}

// nice gives the least even number not below n that reads well on a scale.
func nice(n int) int {
	for step := 1; ; step *= 10 {
		for _, m := range []int{2, 4, 6, 10} {
			if n <= m*step {
				return m * step
			}
		}
	}
}

// Any reports whether there is anything to show.
func (p *OverviewPage) Any() bool { return slices.Max(p.All) > 0 }

// Class gives the colour of a part of the world.
func (p *OverviewPage) Class(part int) int { return part + 1 }

// Elsewhere reports whether some month has statements of no part.
func (p *OverviewPage) Elsewhere() bool {
	for _, c := range p.Chart().Columns {
		for _, b := range c.Bars {
			if b.Class == 0 {
				return true
			}
		}
	}
	return false
}

// Table is the numbers of several series.
type Table struct {
	Months []time.Time
	Series []Series
}

// Table gives the numbers of series as a table.
func (p *OverviewPage) Table(all []Series) Table { return Table{p.Months, all} }

// MostParts is how many parts of the world the chart has colours for.
const MostParts = 7
