package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// told runs the program and returns what it prints.
func told(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr), stderr.String())
	require.Empty(t, stderr.String())
	return stdout.String()
}

const july = `Profit of the year: € 44,919,477, from 3,618 calls
season.jul 1.5 → 1.51

Profit of the year: € 44,919,477 → 45,004,791 (+0.19 %)
  eu before bonus and tax: € 21,109,400 → 21,117,020 (+0.04 %)
  uk before bonus and tax: € 7,439,308 → 7,464,986 (+0.35 %)
  us before bonus and tax: € 16,210,852 → 16,259,916 (+0.30 %)
  br before bonus and tax: € 8,075,011 → 8,084,481 (+0.12 %)
  jp before bonus and tax: € 10,212,591 → 10,241,251 (+0.28 %)

3,618 calls: 193 ran, 115 cut off, 3,310 not concerned
                ran  cut off
  Demand         40        0  of 480
  Sales          37        3  of 480
  Lots           37        3  of 480
  Making          7       33  of 480
  Trucks          7       33  of 480
  Freight         0       40  of 480
  Margin         37        3  of 480
  Gather         12        0  of 67
  Month           5        0  of 60
  Year            5        0  of 5
  Bonus           5        0  of 5
  Profit          1        0  of 1

  ran      Demand (eu city jul): input season.jul has changed
  ran      Sales (eu city jul): Demand (eu city jul) came out different
  cut off  Sales (uk tandem jul): Demand (uk tandem jul) came out the same
  cut off  Lots (uk tandem jul): Demand (uk tandem jul) came out the same
  cut off  Making (eu cargo jul): Lots (eu cargo jul) came out the same
`

// What runs does not hang on how many workers there are.
func TestSet(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 4} {
		func() {
			defer lazy.SetParallelism(lazy.SetParallelism(workers))
			require.Equal(t, july, told(t, "", "-set", "season.jul=1.51"))
		}()
	}
}

// A price that is rounded away in the shops concerns nobody behind them.
func TestSetThatIsRoundedAway(t *testing.T) {
	leak.Check(t)
	out := told(t, "", "-set=price.folding=1191", "-set", "rent.jp = +0%")
	require.Contains(t, out, "\nprice.folding 1190 → 1191\nrent.jp 150000 → 150000\n")
	require.Contains(t, out, "\nProfit of the year: € 44,919,477 as before\n\n3,618 calls: 5 ran, ")
	require.Contains(t, out, "  Price           5        0  of 40\n  Demand          0       60  of 480\n")
	require.Contains(t, out, "  cut off  Demand (eu folding jan): Price (eu folding) came out the same\n")
}

func TestSetManyAndPatterns(t *testing.T) {
	leak.Check(t)
	out := told(t, "", "-set", "wage.*=+10%", "-set", "wage.eu=3.2", "-set", "tax=20")
	require.Contains(t, out, "\nwage.uk 24 → 26.4\nwage.us 25 → 27.5\nwage.br 9 → 9.9\nwage.jp 21 → 23.1\nwage.eu 27 → 3.2\ntax 28 → 20\n")
	require.Contains(t, out, "\n  ran      Cost (eu city): input wage.eu has changed\n")
}

// What comes out after changes is what a plan gives that was so from the beginning.
func TestChangedPlanIsAsComputedAnew(t *testing.T) {
	leak.Check(t)
	old := newPlan()
	for k, texts := range [][]string{
		{"lot=24", "truck=5"}, {"season.*=+7%"}, {"steel=9", "price.city=720", "elasticity=0.9"}, {"tax=0", "target=1e6"}, {"lot=20"},
	} {
		changes, err := old.parseAll(texts)
		require.NoError(t, err)
		for _, c := range changes {
			c.set()
		}
		anew := newPlan()
		for i, in := range old.inputs {
			anew.inputs[i].set(in.value)
		}
		got, want, err := lazy.Get2(t.Context(), old.profit, anew.profit)
		require.NoError(t, err)
		require.Equal(t, want, got, k)
	}
}

func TestList(t *testing.T) {
	leak.Check(t)
	out := told(t, "", "-list", "-set", "steel=3.1")
	require.True(t, strings.HasPrefix(out, "price.city               690  price of the model, €\n"), out)
	require.Contains(t, out, "\nsteel                    3.1  a kg of steel, €\n")
	require.NotContains(t, out, "Profit")
	require.Equal(t, len(newPlan().inputs), strings.Count(out, "\n"))
}

func TestInteractive(t *testing.T) {
	leak.Check(t)
	out := told(t, `
explain
undo
set season.jul=1.51
explain
  lot=24   truck=5
undo
undo
undo
nonsense
lost=3
help
list
quit
season.jul=9
`, "-i")
	answers := strings.Split(out, "\n> ")
	require.Len(t, answers, 15)
	begin, july, _ := strings.Cut(july, "\n")
	require.Equal(t, begin+"\n", answers[0])
	require.Empty(t, answers[1])
	require.Equal(t, "nothing has been changed yet\n", answers[2])
	require.Equal(t, "nothing to undo\n", answers[3])
	require.Equal(t, july, answers[4])
	require.Contains(t, answers[5], "  ran      Gather: Margin (eu city jul) or 7 more came out different\n")
	require.Contains(t, answers[5], "  cut off  Margin (uk tandem jul): Sales (uk tandem jul) and 2 more did not run either\n")
	require.Less(t, strings.Count(answers[5], "\n"), 60)
	require.Contains(t, answers[6], "lot 20 → 24\ntruck 4 → 5\n\nProfit of the year: € 45,004,791 → ")
	require.Contains(t, answers[7], "lot 24 → 20\ntruck 5 → 4\n")
	require.Contains(t, answers[7], " → 45,004,791 (")
	require.Contains(t, answers[8], "season.jul 1.51 → 1.5\n\nProfit of the year: € 45,004,791 → 44,919,477 (-0.19 %)\n")
	require.Equal(t, "nothing to undo\n", answers[9])
	require.Equal(t, "\"nonsense\" is no change: want name=value, such as steel=3 or steel=+5%; help tells what can be said\n", answers[10])
	require.Equal(t, "nothing is called \"lost\"; there is lot; help tells what can be said\n", answers[11])
	require.Equal(t, help, answers[12])
	require.True(t, strings.HasSuffix(answers[13], "  tax on profit, %\n"), answers[13])
	require.Equal(t, "\n", answers[14], "quit")
}

func TestInteractiveEndsWithItsInput(t *testing.T) {
	leak.Check(t)
	out := told(t, "tax=0", "-i", "-set=tax=10")
	require.Contains(t, out, "tax 28 → 10\n")
	require.Contains(t, out, "tax 10 → 0\n")
	require.Contains(t, out, "\n  ran      Profit: input tax has changed\n\n> \n")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, run(ctx, nil, strings.NewReader(""), &stdout, &stderr))
	require.Contains(t, stderr.String(), "whatif: ")
	require.Contains(t, stderr.String(), "canceled")
}
