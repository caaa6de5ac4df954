package main

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// tails are the lengths of the longest ways from the tasks to the end, each with its own task. Users stand behind their
// inputs.
func tails(times []time.Duration, users [][]int) []time.Duration {
	tails := make([]time.Duration, len(times))
	for i := range slices.Backward(times) {
		for _, u := range users[i] {
			tails[i] = max(tails[i], tails[u])
		}
		tails[i] += times[i]
	}
	return tails
}

// criticalPath is the longest way, given the tails: of several the one that keeps to the earliest tasks. It goes on to a
// task without users, even if all that follows takes no time.
func criticalPath(tails []time.Duration, users [][]int) []int {
	everything := make([]int, len(tails))
	for i := range everything {
		everything[i] = i
	}
	longest := func(a, b int) int { return cmp.Or(cmp.Compare(tails[b], tails[a]), cmp.Compare(a, b)) }
	var path []int
	for next := everything; len(next) > 0; next = users[path[len(path)-1]] {
		path = append(path, slices.MinFunc(next, longest))
	}
	return path
}

// bound is what no schedule can go below: the longest way, and an equal share of the work for each worker.
func bound(times []time.Duration, users [][]int, workers int) time.Duration {
	return max(slices.Max(tails(times, users)), total(times)/time.Duration(workers))
}

func total(times []time.Duration) time.Duration {
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	return sum
}

// schedule is a simulation of workers who never wait while a task is ready, and of the ready ones begin the first in the
// list.
type schedule struct {
	users   [][]int
	places  []int // in the list
	missing []int // how many inputs of a task have not ended
	ready   tasks // by place
	running tasks // by end
}

// listSchedule returns when the last task ends. A task that takes no time needs a worker all the same, who is free again
// at the moment it begins.
func listSchedule(times []time.Duration, users [][]int, list []int, workers int) time.Duration {
	s := newSchedule(times, users, list)
	now := time.Duration(0)
	for {
		for len(s.running) < workers && len(s.ready) > 0 {
			task := heap.Pop(&s.ready).(keyed).task
			heap.Push(&s.running, keyed{int64(now + times[task]), task})
		}
		if len(s.running) == 0 {
			return now
		}
		now = time.Duration(s.running[0].key)
		for len(s.running) > 0 && s.running[0].key == int64(now) {
			s.end(heap.Pop(&s.running).(keyed).task)
		}
	}
}

func newSchedule(times []time.Duration, users [][]int, list []int) *schedule {
	n := len(times)
	s := &schedule{users: users, places: make([]int, n), missing: make([]int, n)}
	for place, task := range list {
		s.places[task] = place
		for _, u := range users[task] {
			s.missing[u]++
		}
	}
	for task, missing := range s.missing {
		if missing == 0 {
			heap.Push(&s.ready, keyed{int64(s.places[task]), task})
		}
	}
	return s
}

// end has users be ready that waited for the task alone.
func (s *schedule) end(task int) {
	for _, u := range s.users[task] {
		s.missing[u]--
		if s.missing[u] == 0 {
			heap.Push(&s.ready, keyed{int64(s.places[u]), u})
		}
	}
}

// keyed is a task in a heap, by place or by end.
type keyed struct {
	key  int64
	task int
}

// tasks is a heap: the lowest key is first, the lower task if keys are equal.
type tasks []keyed

func (t tasks) Len() int      { return len(t) }
func (t tasks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t tasks) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(t[i].key, t[j].key), cmp.Compare(t[i].task, t[j].task)) < 0
}

func (t *tasks) Push(x any) { *t = append(*t, x.(keyed)) }

func (t *tasks) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
