package auto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// asProgram has the test's binary be a program that imports this package.
const asProgram = "AUTO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(program())
	}
	os.Exit(m.Run())
}

var (
	double = lazy.Pure1(func(x int) int { return 2 * x }, lazy.Name("Double"))
	broken = lazy.Wrap1(func(context.Context, int) (int, error) { return 0, errors.New("out of ink") }, lazy.Name("Print"))
)

// program runs a few calls, as main would.
func program() int {
	ctx := context.Background()
	_, err := lazy.GetAll(ctx, double.Each([]int{1, 2, 3}))
	_, failed := broken(double.Of(4)).Get(ctx)
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	if failed == nil {
		return 2
	}
	return 0
}

// run runs the program in an environment and returns what it writes to standard error.
func run(t *testing.T, environ ...string) (stderr string, err error) {
	t.Helper()
	c := exec.Command(os.Args[0])
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DALLY_") {
			c.Env = append(c.Env, pair)
		}
	}
	c.Env = append(c.Env, asProgram+"=1")
	c.Env = append(c.Env, environ...)
	var b bytes.Buffer
	c.Stderr = &b
	err = c.Run()
	return b.String(), err
}

func TestProgramWritesFiles(t *testing.T) {
	dir := t.TempDir()
	report, data, trace := filepath.Join(dir, "report.html"), filepath.Join(dir, "data.json"), filepath.Join(dir, "trace.json")
	stderr, err := run(t, reportVar+"="+report, traceVar+"="+trace)
	require.NoError(t, err, stderr)
	require.Empty(t, stderr)
	page, err := os.ReadFile(report)
	require.NoError(t, err)
	for _, want := range []string{"<!doctype html>", "out of ink", "Double", "has no value yet"} {
		require.True(t, strings.Contains(string(page), want), want)
	}
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	require.Equal(t, 4, strings.Count(string(text), `"name":"Double","cat":"call`), string(text))
	stderr, err = run(t, reportVar+"="+data)
	require.NoError(t, err, stderr)
	text, err = os.ReadFile(data)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 3, "no file is left over")
}

func TestProgramShowsProgress(t *testing.T) {
	stderr, err := run(t, progressVar+"=json")
	require.NoError(t, err, stderr)
	require.Contains(t, stderr, "out of ink")
	for line := range strings.Lines(stderr) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestProgramWithoutVariables(t *testing.T) {
	stderr, err := run(t, progressVar+"=", "DALLYX=1")
	require.NoError(t, err)
	require.Empty(t, stderr)
}

func TestProgramWithBadVariables(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "none.html"), 0o777))
	for variable, want := range map[string]string{
		progressVar + "=loud":                 `DALLY_PROGRESS: `,
		reportVar + "=report.pdf":             `DALLY_REPORT is "report.pdf": want a name that ends in .html`,
		traceVar + "=trace":                   `DALLY_TRACE is "trace": want a name that ends in .json`,
		traceVar + "=" + dir + "/none/t.json": `DALLY_TRACE: open `,
		liveVar + "=here:there:everywhere":    `DALLY_LIVE: `,
		reportVar + "=" + dir + "/none.html":  `DALLY_REPORT: open `,
	} {
		stderr, err := run(t, variable)
		require.Error(t, err, variable)
		require.Contains(t, stderr, want)
		require.Contains(t, stderr, "lazy: get: ", "it is the Get that fails")
	}
	stderr, err := run(t, progressVar+"=loud", traceVar+"=trace")
	require.Error(t, err)
	for _, mode := range []string{"auto", "tty", "plain", "json", "quiet", "DALLY_TRACE"} {
		require.Contains(t, stderr, mode, "all that is known, and all that is wrong, at once")
	}
	same := filepath.Join(dir, "same.json")
	stderr, err = run(t, reportVar+"="+same, traceVar+"="+same)
	require.Error(t, err)
	require.Contains(t, stderr, "DALLY_REPORT and DALLY_TRACE are both")
	link := filepath.Join(dir, "link.json")
	require.NoError(t, os.Symlink(same, link))
	stderr, err = run(t, reportVar+"="+same, traceVar+"="+link)
	require.Error(t, err)
	require.Contains(t, stderr, "DALLY_REPORT and DALLY_TRACE are both")
	unmade := filepath.Join(dir, "unmade.json")
	_, err = run(t, reportVar+"="+unmade, progressVar+"=loud")
	require.Error(t, err)
	require.NoFileExists(t, unmade, "nothing is created for a run that is not to be")
}

func TestUnknownVariableIsLogged(t *testing.T) {
	stderr, err := run(t, "DALLY_PROGRES=tty")
	require.NoError(t, err)
	require.Contains(t, stderr, "DALLY_PROGRES")
	require.Contains(t, stderr, "DALLY_LIVE, DALLY_PROGRESS, DALLY_REPORT, DALLY_TRACE")
}

func TestLivePage(t *testing.T) {
	var stderr bytes.Buffer
	o, _, err := start([]string{liveVar + "=:0"}, &stderr, slog.Default)
	require.NoError(t, err)
	_, err = lazy.GetAll(t.Context(), double.Each([]int{1, 2, 3}), lazy.Observe(o))
	require.NoError(t, err)
	url, ok := strings.CutPrefix(strings.TrimSpace(stderr.String()), "dally: live page: ")
	require.True(t, ok, stderr.String())
	resp, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Runs that follow each other fast are not written each; Flush writes what is left.
func TestManyShortRuns(t *testing.T) {
	dir := t.TempDir()
	report := filepath.Join(dir, "report.json")
	o, f, err := start([]string{reportVar + "=" + report}, &bytes.Buffer{}, slog.Default)
	require.NoError(t, err)
	get := func(x int) {
		_, err := double.Of(x).Get(t.Context(), lazy.Observe(o))
		require.NoError(t, err)
	}
	calls := func() (n int) {
		var data struct{ Calls struct{ State string } }
		text, err := os.ReadFile(report)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &data))
		return strings.Count(data.Calls.State, "4")
	}
	f.mu.Lock()
	f.spent = -time.Hour // however slow the machine is
	f.mu.Unlock()
	get(1)
	require.Equal(t, 1, calls(), "the first is written before its Get returns")
	get(2)
	require.Equal(t, 2, calls(), "and those that follow")
	f.mu.Lock()
	f.spent = time.Hour
	f.mu.Unlock()
	for x := range 20 {
		get(x)
	}
	require.Equal(t, 2, calls(), "but not for ever")
	f.mu.Lock()
	require.NotNil(t, f.timer, "they will be, if the program lives")
	f.mu.Unlock()
	require.NoError(t, f.flush())
	require.Equal(t, 22, calls())
	require.Nil(t, f.timer)
	require.NoError(t, os.Remove(report))
	require.NoError(t, f.flush(), "nothing has run since")
	require.NoFileExists(t, report)
}

// A file that cannot be written any more is told of once, and is no failure of the run.
func TestFileThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sub")
	require.NoError(t, os.Mkdir(dir, 0o777))
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	o, _, err := start([]string{traceVar + "=" + filepath.Join(dir, "t.json")}, &bytes.Buffer{}, func() *slog.Logger { return logger })
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	for x := range 3 {
		_, err := double.Of(x).Get(t.Context(), lazy.Observe(o))
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(logged.String(), "cannot be written"), logged.String())
}

func TestFlushWithoutAnything(t *testing.T) {
	require.NoError(t, Flush())
}

// observed runs start in an environment.
func observed(t *testing.T, environ ...string) (lazy.Observer, *files) {
	o, f, err := start(environ, &bytes.Buffer{}, slog.Default)
	require.NoError(t, err)
	return o, f
}

// runOver is closed when a run is over.
type runOver chan struct{}

func (runOver) RunStarted(lazy.RunInfo)   {}
func (runOver) CallStarted(lazy.CallInfo) {}
func (runOver) CallDone(lazy.CallInfo)    {}
func (c runOver) RunDone(lazy.RunInfo)    { close(c) }

// A program that is cancelled, and ends before its functions do, has them in its files if it calls Flush.
func TestFlushWhileRunning(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trace.json")
	o, f := observed(t, traceVar+"="+path)
	ctx, cancel := context.WithCancel(t.Context())
	began, end, over := make(chan bool), make(chan bool), make(runOver)
	stuck := lazy.Wrap1(func(context.Context, int) (int, error) {
		close(began)
		<-end
		return 0, nil
	}, lazy.Name("Stuck"))
	failed := make(chan error)
	go func() { _, err := stuck(double.Of(1)).Get(ctx, lazy.Observe(record.Tee(o, over))); failed <- err }()
	<-began
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoError(t, f.flush())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, json.Valid(text), string(text))
	require.Contains(t, string(text), "Double")
	require.Contains(t, string(text), "Stuck")
	close(end)
	<-over
}

// Files stay where they were asked for, whatever directory the program goes to, with the permissions and links that they
// had, and with names of any length.
func TestFilesStayWhatTheyAre(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	long := strings.Repeat("n", 245) + ".json"
	require.NoError(t, os.WriteFile("secret.html", nil, 0o600))
	require.NoError(t, os.WriteFile("real.json", nil, 0o640))
	require.NoError(t, os.Symlink("real.json", "link.json"))
	require.NoError(t, os.Mkdir("other", 0o777))
	for _, files := range [][2]string{{"secret.html", "link.json"}, {long, "my trace.json"}} {
		t.Chdir(dir)
		o, _ := observed(t, reportVar+"="+files[0], traceVar+"="+files[1])
		t.Chdir("other")
		_, err := double.Of(1).Get(t.Context(), lazy.Observe(o))
		require.NoError(t, err)
		for _, name := range files {
			text, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Contains(t, string(text), "Double", name)
		}
	}
	for name, mode := range map[string]os.FileMode{"secret.html": 0o600, "real.json": 0o640, "link.json": os.ModeSymlink | 0o777} {
		info, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), name)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 6, "no file is left over")
}

// Whoever reads a file while it is written has a whole one.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	o, f := observed(t, reportVar+"="+path)
	f.spent = -time.Hour
	get := func(x int) {
		_, err := double.Of(x).Get(t.Context(), lazy.Observe(o))
		require.NoError(t, err)
	}
	get(0)
	done := make(chan bool)
	go func() {
		defer close(done)
		for x := range 30 {
			get(x)
		}
	}()
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, json.Valid(text), "%d bytes", len(text))
	}
}

// A program that is killed in the middle of a long run leaves what there was.
func TestFilesWhileRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	synctest.Test(t, func(t *testing.T) {
		o, f := observed(t, reportVar+"="+path)
		require.NoFileExists(t, path, "until there is something to tell")
		slow := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { time.Sleep(5 * time.Second); return x, nil }, lazy.Name("Slow"))
		done := make(chan error)
		go func() {
			_, err := slow(slow(double.Of(1))).Get(t.Context(), lazy.Observe(o))
			done <- err
		}()
		states := func() string {
			var data struct{ Calls struct{ State string } }
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &data))
			return data.Calls.State
		}
		time.Sleep(999 * time.Millisecond)
		synctest.Wait()
		require.NoFileExists(t, path)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, "0421", states(), "a source, Double is done, the first Slow runs, the second is to come")
		time.Sleep(6 * time.Second) // it was written after 3 s, and 7
		synctest.Wait()
		require.Equal(t, "0442", states())
		require.NoError(t, <-done)
		require.Equal(t, "0444", states())
		require.Nil(t, f.glance)
	})
}
