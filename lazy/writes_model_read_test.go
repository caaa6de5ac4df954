package lazy

import (
	"github.com/stretchr/testify/require"
)

func (m *tableModel) options(keep bool) []RunOption {
	if keep {
		return []RunOption{In(m.session), KeepGoing()}
	}
	return []RunOption{In(m.session)}
}

func (m *tableModel) pendingWrites() (n int32) {
	for _, e := range m.open {
		if e.kind == written {
			n++
		}
	}
	return n
}

func (m *tableModel) readKey(k int, keep bool) {
	most := 2*m.pendingWrites() + m.calls.Load()
	got, err := m.table.Get(m.ctx, k, m.options(keep)...)
	want := m.apply()
	slot, ok := m.state.vals[k]
	require.LessOrEqual(m.t, m.calls.Load(), most, "a read runs a call twice at most")
	switch {
	case want != nil:
		require.ErrorIs(m.t, err, want, "%v", m.trace)
		if !keep || !ok || slot.handle != nil {
			require.Zero(m.t, got)
		} else {
			require.Equal(m.t, slot.v, got, "%v", m.trace)
		}
		return
	case !ok:
		require.ErrorIs(m.t, err, ErrNoKey, "%v", m.trace)
		return
	case slot.handle != nil:
		if slot.v, want = m.eval(slot.handle); want != nil {
			require.ErrorIs(m.t, err, want)
			return
		}
	}
	require.NoError(m.t, err, "%v", m.trace)
	require.Equal(m.t, slot.v, got, "%v", m.trace)
}

func (m *tableModel) readAll(keep bool) {
	got, err := m.table.Map(m.ctx, m.options(keep)...)
	want := m.apply()
	applied := want
	all := make(map[int]int)
	failed := 0
	for _, k := range m.state.keys {
		slot := m.state.vals[k]
		switch h := slot.handle; {
		case h == nil:
			all[k] = slot.v
		case applied != nil:
		default:
			v, err := m.eval(h)
			if err == nil {
				all[k] = v
				break
			}
			failed++
			if want == nil {
				want = err
			}
		}
	}
	if want == nil {
		require.NoError(m.t, err, "%v", m.trace)
	} else {
		require.ErrorIs(m.t, err, want, "%v", m.trace)
	}
	if failed > 0 && keep && applied == nil {
		var many keyErrors
		require.ErrorAs(m.t, err, &many)
		require.Len(m.t, many, failed)
	}
	if want == nil || keep {
		require.Equal(m.t, all, got, "%v", m.trace)
		require.Equal(m.t, m.knownKeys(), m.table.Keys(), "%v", m.trace)
	} else {
		require.Nil(m.t, got)
	}
}

func (m *tableModel) checkLook(l modelLook) {
	got, err := l.data.Get(m.ctx, In(m.session))
	switch {
	case *l.ok == notSeen: // behind a script that fails in any world
		require.ErrorIs(m.t, err, errScript)
	case *l.ok == sawNothing:
		require.ErrorIs(m.t, err, ErrNoKey, "%v", m.trace)
	case l.slot.handle != nil:
		require.NoError(m.t, err)
		require.Equal(m.t, l.slot.handle.v, got)
	default:
		require.NoError(m.t, err, "%v", m.trace)
		require.Equal(m.t, l.slot.v, got, "%v", m.trace)
	}
}
