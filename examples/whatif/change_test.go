package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-set price=12", `nothing is called "price"; there is price.city, price.cargo, price.kids, price.race`},
		{"-set wgae.eu=12", `nothing is called "wgae.eu"; there is wage.eu`},
		{"-set Steal=3", `nothing is called "Steal"; there is steel`},
		{"-set zzz=3", `nothing is called "zzz"; -list shows what there is`},
		{"-set wages.*=3", `nothing is called "wages.*"; -list shows what there is`},
		{"-set [=3", `"[" is no pattern`},
		{"-set steel", `"steel" is no change: want name=value, such as steel=3 or steel=+5%`},
		{"-set steel=", `"steel=" is no change`},
		{"-set =3", `"=3" is no change`},
		{"-set steel=x", `steel=x: want a number, such as 2.8 or +5%`},
		{"-set steel=NaN", `steel=NaN: want a number`},
		{"-set steel=inf%", `steel=inf%: want a number`},
		{"-set steel=5%", `steel=5%: want a sign, as in +5% or -5%`},
		{"-set lot=0", `lot=0: 0 is not from 1 to 1000000`},
		{"-set tax=+900%", `tax=+900%: 280 is not from 0 to 100`},
		{"-nonsense", "-nonsense"},
		{"steel=3", `unexpected arguments: ["steel=3"]; a change is -set name=value`},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, run(context.Background(), strings.Fields(c.args), strings.NewReader(""), &stdout, &stderr), c.args)
		require.Contains(t, stderr.String(), c.want)
		require.Empty(t, stdout.String())
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(context.Background(), []string{"-h"}, strings.NewReader(""), &stdout, &stderr))
	for _, want := range []string{"Usage: whatif", "-set name=value", "-list", "-i\t"} {
		require.Contains(t, stderr.String(), want)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"lot", "Lot", 0}, {"lots", "lot", 1}, {"steal", "steel", 1}, {"wgae", "wage", 2}, {"kitten", "sitting", 3}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%s %s", c.a, c.b)
	}
}

func TestText(t *testing.T) {
	require.Equal(t, "0", thousands(0))
	require.Equal(t, "-999", thousands(-999))
	require.Equal(t, "-1,000", thousands(-1000))
	require.Equal(t, "1,234,567", thousands(1234567))
	require.Equal(t, "7 as before", arrow(7, 7))
	require.Equal(t, "0 → 7", arrow(0, 7))
	require.Equal(t, "-100 → -50 (+50.00 %)", arrow(-100, -50))
	require.Equal(t, "1 call", plural(1, "call"))
}
