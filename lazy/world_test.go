package lazy

// neverChanged makes the world one in which nothing was ever Set and no function has a Priority, if nobody is at anything,
// until the function that it returns is called. Nodes of before must not be used meanwhile.
func neverChanged() (restore func()) {
	planMu.Lock()
	defer planMu.Unlock()
	was := changes.state.Load()
	if was&^everChanged != 0 || changes.first != nil || unaware.Load() > 0 {
		return func() {}
	}
	now, ranked := changes.now.Swap(0), prioritized.Swap(false)
	changes.state.Store(0)
	return func() {
		planMu.Lock()
		defer planMu.Unlock()
		changes.state.Or(was)
		began(now)
		prioritized.Store(prioritized.Load() || ranked)
	}
}

// NeverChanged is neverChanged for the tests that see exported names alone.
func NeverChanged() (restore func()) { return neverChanged() }
