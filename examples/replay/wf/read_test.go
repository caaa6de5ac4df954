package wf_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/examples/replay/wf"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func read(b []byte) (*wf.Instance, error) { return wf.Read(bytes.NewReader(b)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestRead(t *testing.T) {
	diamond := &wf.Instance{Name: "diamond", Tasks: []wf.Task{ // the file has them the other way round
		{ID: "LAB.READ_1", Name: "LAB.READ", Program: "run read \\\n    --quiet\n", Time: seconds(2)},
		{ID: "LAB.SHORT_2", Name: "LAB.SHORT", Program: "run short \\\n    --quiet\n", Time: seconds(1), Inputs: []int{0}},
		{ID: "LAB.LONG_3", Name: "LAB.LONG", Program: "run long \\\n    --quiet\n", Time: seconds(4), Inputs: []int{0}},
		{ID: "LAB.MERGE_4", Name: "LAB.MERGE", Program: "run merge \\\n    --quiet\n", Time: seconds(3), Inputs: []int{1, 2}},
	}}
	tests := map[string]*wf.Instance{
		"chain.json": {Name: "chain", Tasks: []wf.Task{
			{ID: "fetch_1", Name: "fetch_1", Program: "/usr/bin/fetch", Time: seconds(2)},
			{ID: "clean_2", Name: "clean_2", Program: "clean", Time: seconds(3.5), Inputs: []int{0}},
			{ID: "report_3", Name: "report_3", Program: "report", Time: seconds(0.25), Inputs: []int{1}},
		}},
		"forkjoin.json": {Name: "forkjoin", Tasks: []wf.Task{
			{ID: "split_1", Name: "split_1", Program: "split", Time: seconds(1)},
			{ID: "part_2", Name: "part_2", Program: "part", Time: seconds(2), Inputs: []int{0}},
			{ID: "part_3", Name: "part_3", Program: "part", Time: seconds(2), Inputs: []int{0}},
			{ID: "part_4", Name: "part_4", Program: "part", Time: seconds(2), Inputs: []int{0}},
			{ID: "part_5", Name: "part_5", Program: "part", Time: seconds(2), Inputs: []int{0}},
			{ID: "join_6", Name: "join_6", Program: "join", Time: seconds(1), Inputs: []int{1, 2, 3, 4}},
		}},
		"diamond.json":    diamond,
		"diamond.json.gz": diamond,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := read(load(t, name))
			require.NoError(t, err)
			require.Equal(t, want, got)
			requireGraph(t, got)
		})
	}
}

func TestSums(t *testing.T) {
	in, err := read(load(t, "forkjoin.json"))
	require.NoError(t, err)
	require.Equal(t, 8, in.Edges())
	require.Equal(t, seconds(10), in.Work())
	require.Equal(t, [][]int{{1, 2, 3, 4}, {5}, {5}, {5}, {5}, nil}, in.Users())
}

// Each row changes one thing in the chain fetch_1 → clean_2 → report_3.
func TestErrors(t *testing.T) {
	const (
		fetch  = `"id": "fetch_1", "parents": [], "children": ["clean_2"]`
		clean  = `"id": "clean_2", "parents": ["fetch_1"], "children": ["report_3"]`
		report = `"id": "report_3", "parents": ["clean_2"], "children": []`
		took   = `"runtimeInSeconds": 3.5`
	)
	tests := map[string]struct{ from, to, want string }{
		"version":        {`"schemaVersion": "1.5"`, `"schemaVersion": "1.4"`, `schemaVersion is "1.4"; want "1.5"`},
		"no version":     {`"schemaVersion": "1.5",`, ``, `schemaVersion is ""; want "1.5"`},
		"no tasks":       {`"specification"`, `"elsewhere"`, `there are no tasks in workflow.specification`},
		"no execution":   {`"execution"`, `"elsewhere"`, `task "fetch_1" is not in workflow.execution, so it has no run time`},
		"no id":          {clean, `"parents": []`, `task 2 in workflow.specification, named "clean_2", has no id`},
		"twice":          {report, clean, `task "clean_2" is in workflow.specification twice, as number 2 and 3`},
		"unknown parent": {clean, `"id": "clean_2", "parents": ["fetch_7"]`, `task "clean_2" has an unknown parent, "fetch_7"`},
		"parent twice":   {`"parents": ["clean_2"]`, `"parents": ["clean_2", "clean_2"]`, `task "report_3" has the parent "clean_2" twice`},
		"unknown child":  {`"children": []`, `"children": ["more"]`, `task "report_3" has an unknown child, "more"`},
		"child twice":    {`"children": ["clean_2"]`, `"children": ["clean_2", "clean_2"]`, `task "fetch_1" has the child "clean_2" twice`},
		"child alone": {
			report, `"id": "report_3", "parents": [], "children": []`,
			`task "clean_2" has the child "report_3", which does not have it as a parent`,
		},
		"parent alone": {
			fetch, `"id": "fetch_1", "parents": [], "children": []`,
			`task "clean_2" has the parent "fetch_1", which does not have it as a child`,
		},
		"no time":       {took + ",", ``, `task "clean_2" has no runtimeInSeconds`},
		"null time":     {took, `"runtimeInSeconds": null`, `task "clean_2" has no runtimeInSeconds`},
		"negative":      {took, `"runtimeInSeconds": -0.5`, `task "clean_2": its runtimeInSeconds, -0.5, is negative`},
		"endless":       {took, `"runtimeInSeconds": 1e300`, `task "clean_2": with its runtimeInSeconds, 1e+300, the tasks take more than 100 years`},
		"a century":     {took, `"runtimeInSeconds": 3153599999`, `task "clean_2": with its runtimeInSeconds, 3.153599999e+09, the tasks take more than 100 years`},
		"beyond floats": {took, `"runtimeInSeconds": 1e999`, `task "clean_2": runtimeInSeconds is of type number 1e999; want number`},
		"text for time": {took, `"runtimeInSeconds": "3.5"`, `task "clean_2": runtimeInSeconds is of type string; want number`},
		"text for list": {`"parents": ["fetch_1"]`, `"parents": "fetch_1"`, `task "clean_2": parents is of type string; want array`},
		"number for id": {`"id": "clean_2", "parents"`, `"id": 2, "parents"`, `a task without a proper id: id is of type number; want string`},
		"list for flow": {`"specification": {`, `"specification": [], "elsewhere": {`, `workflow.specification is of type array; want object`},
		"runs twice":    {`"id": "report_3", "runtime`, `"id": "clean_2", "runtime`, `task "clean_2" is in workflow.execution twice`},
		"unknown run":   {`"id": "report_3", "runtime`, `"id": "report_4", "runtime`, `task "report_4" is in workflow.execution, but not in workflow.specification`},
		"missing run": {
			`{"id": "clean_2", "runtimeInSeconds": 3.5, "command": {"program": "clean", "arguments": []}},`, ``,
			`task "clean_2" is not in workflow.execution, so it has no run time`,
		},
		"broken":         {report, `oh`, `line 9: invalid character 'o' looking for beginning of object key string`},
		"more behind it": {"}\n  }\n}\n", "}\n  }\n}\n{}", `line 23: invalid character '{' after top-level value`},
	}
	text := string(load(t, "chain.json"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, tt.from)
			in, err := read([]byte(strings.Replace(text, tt.from, tt.to, 1)))
			require.EqualError(t, err, tt.want)
			require.Nil(t, in)
		})
	}
}

// The tasks of a cycle are named, and not those before and behind it.
func TestCycles(t *testing.T) {
	tests := map[string][]string{
		"b <- b":                                 {"b"},
		"b <- c, c <- b":                         {"b", "c"},
		"b <- {a, d}, c <- b, d <- c, e <- d":    {"b", "c", "d"},
		"e <- d, d <- c, c <- {a, e}, b <- {a}":  {"c", "d", "e"},
		"b <- a, c <- {a, b}, e <- {d, b}, d<-e": {"d", "e"},
	}
	for graph, want := range tests {
		_, err := read(write(t, parse(graph), nil))
		cycle, ok := errors.AsType[*wf.CycleError](err)
		require.True(t, ok, "%s: %v", graph, err)
		require.ElementsMatch(t, want, cycle.IDs, graph)
		edges := make(map[[2]string]bool)
		for _, e := range parse(graph) {
			edges[e] = true
		}
		for i, id := range cycle.IDs {
			next := cycle.IDs[(i+1)%len(cycle.IDs)]
			require.True(t, edges[[2]string{id, next}], "%s: %s → %s", graph, id, next)
		}
	}
	_, err := read(load(t, "cycle.json"))
	require.EqualError(t, err, `tasks wait for each other: "c" → "b" → "c"`)
}

// parse reads edges from "d <- {b, c}, b <- a".
func parse(graph string) (edges [][2]string) {
	user := ""
	text := strings.NewReplacer("<-", " <- ", ",", " ", "{", " ", "}", " ").Replace(graph)
	fields := strings.Fields(text)
	for i, f := range fields {
		switch {
		case i+1 < len(fields) && fields[i+1] == "<-":
			user = f
		case f != "<-":
			edges = append(edges, [2]string{f, user})
		}
	}
	return edges
}

// write makes a file of edges, with the tasks a to e and others that are named, of no time.
func write(t testing.TB, edges [][2]string, others []string) []byte {
	type spec struct {
		ID       string   `json:"id"`
		Parents  []string `json:"parents"`
		Children []string `json:"children"`
	}
	type run struct {
		ID   string  `json:"id"`
		Time float64 `json:"runtimeInSeconds"`
	}
	var specs []spec
	var runs []run
	for _, id := range append([]string{"a", "b", "c", "d", "e"}, others...) {
		s := spec{ID: id}
		for _, e := range edges {
			if e[1] == id {
				s.Parents = append(s.Parents, e[0])
			}
			if e[0] == id {
				s.Children = append(s.Children, e[1])
			}
		}
		specs, runs = append(specs, s), append(runs, run{ID: id})
	}
	b, err := json.Marshal(map[string]any{"schemaVersion": "1.5", "workflow": map[string]any{
		"specification": map[string]any{"tasks": specs}, "execution": map[string]any{"tasks": runs},
	}})
	require.NoError(t, err)
	return b
}

// A chain whose file begins with its end is as deep as it is long.
func TestLongChainBackwards(t *testing.T) {
	const n = 3000
	edges := [][2]string{{"t1", "a"}}
	var ids []string
	for i := 1; i <= n; i++ {
		ids = append(ids, fmt.Sprintf("t%d", i))
		if i > 1 {
			edges = append(edges, [2]string{ids[i-1], ids[i-2]})
		}
	}
	in, err := read(write(t, edges, ids))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("t%d", n), in.Tasks[0].ID)
	require.Equal(t, "a", in.Tasks[n].ID)
	requireGraph(t, in)
}

func TestUnreadable(t *testing.T) {
	zipped := load(t, "diamond.json.gz")
	for name, tt := range map[string]struct {
		b    []byte
		want string
	}{
		"empty":       {nil, "line 1: unexpected end of JSON input"},
		"one byte":    {[]byte("\x1f"), `line 1: invalid character '\x1f' looking for beginning of value`},
		"cut":         {zipped[:len(zipped)/2], "unexpected EOF"},
		"only magic":  {zipped[:2], "unexpected EOF"},
		"wrong sum":   {append(bytes.Clone(zipped[:len(zipped)-8]), "12345678"...), "gzip: invalid checksum"},
		"zip of zip":  {compress(t, zipped), `line 1: invalid character '\x1f' looking for beginning of value`},
		"not a flow":  {[]byte(`[]`), "it is of type array; want object"},
		"only a null": {[]byte(`null`), `schemaVersion is ""; want "1.5"`},
	} {
		_, err := read(tt.b)
		require.EqualError(t, err, tt.want, name)
	}
	_, err := wf.Read(iotest.ErrReader(os.ErrPermission))
	require.ErrorIs(t, err, os.ErrPermission)
}

func compress(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// requireGraph wants what Read promises of all it accepts.
func requireGraph(t testing.TB, in *wf.Instance) {
	t.Helper()
	require.NotEmpty(t, in.Tasks)
	ids := make(map[string]bool)
	for i, task := range in.Tasks {
		require.False(t, ids[task.ID] || task.ID == "", "ID %q", task.ID)
		ids[task.ID] = true
		require.GreaterOrEqual(t, task.Time, time.Duration(0))
		inputs := make(map[int]bool)
		for _, input := range task.Inputs {
			require.True(t, 0 <= input && input < i && !inputs[input], "task %d of input %d", i, input)
			inputs[input] = true
		}
	}
	require.LessOrEqual(t, in.Work(), wf.TimeMax)
	require.GreaterOrEqual(t, in.Work(), time.Duration(0))
	edges := 0
	for _, users := range in.Users() {
		edges += len(users)
	}
	require.Equal(t, in.Edges(), edges)
}
