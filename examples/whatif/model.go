package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// number is a handle on a figure. All figures of the plan are of one type; money is in euros.
type number = lazy.Data[float64]

// The functions of the plan. Where they round, small changes end.
var (
	// price is what the shops ask, in euros: three figures of the region's money.
	price = lazy.Pure2(func(price, rate float64) float64 {
		local := price * rate
		unit := math.Pow(10, math.Floor(math.Log10(local))-2)
		return math.Round(local/unit) * unit / rate
	}, lazy.Name("Price"))

	// potential is how many sell in an average month at the usual price.
	potential = lazy.Pure2(func(market, popularity float64) float64 { return market * popularity / 100 }, lazy.Name("Potential"))

	lots    = lazy.Pure2(func(demand, lot float64) float64 { return math.Ceil(demand / lot) }, lazy.Name("Lots"))
	sales   = lazy.Pure2(func(demand, price float64) float64 { return cents(demand * price) }, lazy.Name("Sales"))
	making  = lazy.Pure3(func(lots, lot, cost float64) float64 { return cents(lots * lot * cost) }, lazy.Name("Making"))
	trucks  = lazy.Pure2(func(lots, truck float64) float64 { return math.Ceil(lots / truck) }, lazy.Name("Trucks"))
	freight = lazy.Pure2(func(trucks, fare float64) float64 { return cents(trucks * fare) }, lazy.Name("Freight"))
	margin  = lazy.Pure3(func(sales, making, freight float64) float64 { return cents(sales - making - freight) }, lazy.Name("Margin"))

	monthly = lazy.Pure2(func(margins []float64, rent float64) float64 { return cents(sum(margins) - rent) }, lazy.Name("Month"))
	yearly  = lazy.Pure1(func(months []float64) float64 { return math.Round(sum(months)) }, lazy.Name("Year"))

	// bonus is 2 % of what a region earns above its target, in full thousands.
	bonus = lazy.Pure2(func(year, target float64) float64 {
		return math.Floor(max(0, year-target)*0.02/1000) * 1000
	}, lazy.Name("Bonus"))

	profit = lazy.Pure3(func(years, bonuses []float64, tax float64) float64 {
		before := sum(years) - sum(bonuses)
		return math.Round(before - max(0, before)*tax/100)
	}, lazy.Name("Profit"))
)

func cents(x float64) float64 { return math.Round(x*100) / 100 }

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

// bicycle is what is known of a model, and does not change.
type bicycle struct {
	model string
	usual float64 // price, which makes the demand what it is
	kg    float64 // of steel
	hours float64 // of work
}

// bicycles are in order of models.
var bicycles = []bicycle{
	{"city", 690, 19, 6},
	{"cargo", 2490, 41, 19},
	{"kids", 290, 11, 3},
	{"race", 3190, 9, 28},
	{"gravel", 1890, 12, 15},
	{"trail", 2290, 15, 18},
	{"tandem", 2690, 27, 24},
	{"folding", 1190, 14, 10},
}

// demand returns the function that tells how many of the model sell in a month.
func (b bicycle) demand() lazy.Func4[float64, float64, float64, float64, float64] {
	return lazy.Pure4(func(price, potential, season, elasticity float64) float64 {
		return math.Round(potential * season * math.Pow(price/b.usual, -elasticity))
	}, lazy.Name("Demand"))
}

// cost returns the function that tells what one costs to make, in full euros.
func (b bicycle) cost() lazy.Func3[float64, float64, float64, float64] {
	return lazy.Pure3(func(wage, steel, parts float64) float64 {
		return math.Round(b.hours*wage + b.kg*steel + b.usual*parts/100)
	}, lazy.Name("Cost"))
}

// plan is the year.
type plan struct {
	inputs
	years  []number // by region
	profit number
	// places says what a call is about, by what its handle prints: "Lots#1204" is about "eu city jan".
	places map[string]string
}

// newPlan records the whole year. Nothing runs.
func newPlan() *plan {
	p := &plan{places: make(map[string]string)}
	a := assume(&p.inputs)
	margins := make([][][]number, len(regions)) // by region and month, a model each
	for r := range margins {
		margins[r] = make([][]number, len(months))
	}
	for m, b := range bicycles {
		demand, cost := b.demand(), b.cost()
		for r, region := range regions {
			asked := p.at(price(a.price[m], a.rate[r]), region, b.model)
			sells := p.at(potential(a.market[r], a.popularity[m]), region, b.model)
			costs := p.at(cost(a.wage[r], a.steel, a.parts), region, b.model)
			for k, month := range months {
				place := []string{region, b.model, month}
				bikes := p.at(demand(asked, sells, a.season[k], a.elasticity), place...)
				made := p.at(lots(bikes, a.lot), place...)
				sold := p.at(sales(bikes, asked), place...)
				paid := p.at(making(made, a.lot, costs), place...)
				sent := p.at(freight(p.at(trucks(made, a.truck), place...), a.freight[r]), place...)
				margins[r][k] = append(margins[r][k], p.at(margin(sold, paid, sent), place...))
			}
		}
	}
	p.total(a, margins)
	return p
}

// total records what becomes of the margins.
func (p *plan) total(a assumptions, margins [][][]number) {
	var bonuses []number
	for r, region := range regions {
		var year []number
		for k, month := range months {
			year = append(year, p.at(monthly(lazy.Gather(margins[r][k]...), a.rent[r]), region, month))
		}
		p.years = append(p.years, p.at(yearly(lazy.Gather(year...)), region))
		bonuses = append(bonuses, p.at(bonus(p.years[r], a.target), region))
	}
	p.profit = profit(lazy.Gather(p.years...), lazy.Gather(bonuses...), a.tax)
}

// at notes what a call is about.
func (p *plan) at(d number, place ...string) number {
	label, _, _ := strings.Cut(fmt.Sprint(d), " ")
	p.places[label] = strings.Join(place, " ")
	return d
}
