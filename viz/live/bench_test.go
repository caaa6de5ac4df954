//go:build unix

package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

// readerOf is the variable that makes the test program a client of three pages: see TestMain.
const readerOf = "DALLY_TEST_READ_PAGES"

func TestMain(m *testing.M) {
	if url := os.Getenv(readerOf); url != "" {
		readPages(url)
		return
	}
	os.Exit(m.Run())
}

// readPages opens three pages, does what their script would have the browser do, and drops what it gets. It ends when
// the server ends them or its input is closed.
func readPages(url string) {
	runtime.GOMAXPROCS(1)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			drop := func(what string) *http.Response {
				answer, err := client.Get(url + what)
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				return answer
			}
			graph := func(query string) {
				answer := drop("graph.json" + query)
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			graph("")
			events := bufio.NewReaderSize(drop("events").Body, 1<<16)
			fmt.Println("open")
			isGraph := false
			for {
				line, err := events.ReadSlice('\n')
				if err == io.EOF {
					return
				}
				if isGraph && strings.HasPrefix(string(line), `data: {"version":`) {
					graph("?v=" + strings.Trim(string(line[len(`data: {"version":`):]), "}\n"))
				}
				isGraph = string(line) == "event: graph\n"
			}
		})
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// readers starts the client and returns when its pages are open.
func readers(b *testing.B, url string) (stop func()) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), readerOf+"="+url)
	in, _ := c.StdinPipe()
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 3 {
		if !lines.Scan() || lines.Text() != "open" {
			b.Fatal("the client does not open its pages: ", lines.Text())
		}
	}
	return func() {
		_ = in.Close()
		_ = c.Wait()
	}
}

// work is some CPU time that nobody optimises away.
func work(loops int) (x uint64) {
	x = 1
	for range loops {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

var sink uint64

func loopsFor(d time.Duration) int {
	const many = 20_000_000
	best := time.Hour
	for range 3 {
		began := time.Now()
		sink += work(many)
		best = min(best, time.Since(began))
	}
	return int(many * d.Seconds() / best.Seconds())
}

// grid is a graph of n calls: rows of calls that take two of the row before.
func grid(n, loops int) lazy.Data[[]uint64] {
	start := lazy.Pure1(func(x uint64) uint64 { return x + work(loops) }, lazy.Name("Start"))
	step := lazy.Pure2(func(a, b uint64) uint64 { return a ^ b + work(loops) }, lazy.Name("Step"))
	const width = 1000
	row := make([]lazy.Data[uint64], width)
	for i := range row {
		row[i] = start.Of(uint64(i))
	}
	for range n/width - 1 {
		next := make([]lazy.Data[uint64], width)
		for i := range next {
			next[i] = step(row[i], row[(i+1)%width])
		}
		row = next
	}
	return lazy.Gather(row...)
}

// BenchmarkLive measures what three open pages cost a run of 100,000 calls. Each round makes the same run without an
// observer, with a recorder, and with a recorder whose page is open three times in another process of this machine that
// reads and drops everything; in turns, so that the machine's moods meet all alike. It prints the medians and ratios.
//
//	go test -run xxx -bench Live -benchtime 7x ./viz/live
func BenchmarkLive(b *testing.B) {
	for _, work := range []time.Duration{20 * time.Microsecond, 100 * time.Microsecond} {
		b.Run(work.String(), func(b *testing.B) { benchmarkLive(b, 100_000, loopsFor(work)) })
	}
}

func benchmarkLive(b *testing.B, calls, loops int) {
	var plain, recorded, watched, clients took
	run := func(s *lazy.Session, times *took) {
		top := grid(calls, loops)
		runtime.GC()
		began, cpu := time.Now(), cpuTime(syscall.RUSAGE_SELF)
		if _, err := top.Get(context.Background(), lazy.In(s)); err != nil {
			b.Fatal(err)
		}
		times.add(time.Since(began), cpuTime(syscall.RUSAGE_SELF)-cpu)
	}
	for range b.N {
		run(&lazy.Session{}, &plain)
		run(&lazy.Session{Observer: record.New()}, &recorded)
		rec := record.New()
		server := httptest.NewServer(live.Handler(rec))
		cpu := cpuTime(syscall.RUSAGE_CHILDREN)
		stop := readers(b, server.URL+"/")
		run(&lazy.Session{Observer: rec}, &watched)
		stop()
		clients.add(0, cpuTime(syscall.RUSAGE_CHILDREN)-cpu)
		server.Close()
	}
	wall := func(t took) float64 { return median(t.wall) }
	cpu := func(t took) float64 { return median(t.cpu) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(wall(plain)*1e3, "plain-ms")
	b.ReportMetric(wall(recorded)/wall(plain), "recorded/plain")
	b.ReportMetric(wall(watched)/wall(recorded), "3pages/recorded")
	b.ReportMetric(wall(watched)/wall(plain), "3pages/plain")
	b.ReportMetric(cpu(recorded)/cpu(plain), "cpu:recorded/plain")
	b.ReportMetric(cpu(watched)/cpu(recorded), "cpu:3pages/recorded")
	b.ReportMetric(cpu(clients)*1e3, "clients-cpu-ms")
}

// took has the times of runs, and the processor time that went into them.
type took struct{ wall, cpu []time.Duration }

func (t *took) add(wall, cpu time.Duration) { t.wall, t.cpu = append(t.wall, wall), append(t.cpu, cpu) }

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return times[len(times)/2].Seconds()
}

// cpuTime is the processor time of this process, or of the children that it has waited for.
func cpuTime(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
