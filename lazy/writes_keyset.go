package lazy

// keySet is a set of keys that knows in which order they came. Most calls read and write a few keys: then it is a list.
type keySet[K comparable] struct {
	list []K
	at   map[K]int // where in list, if there are many
}

const fewKeys = 8

func (s *keySet[K]) find(key K) (int, bool) {
	if s.at != nil {
		i, ok := s.at[key]
		return i, ok
	}
	for i := range s.list {
		if s.list[i] == key {
			return i, true
		}
	}
	return 0, false
}

// add does nothing if the key is there.
func (s *keySet[K]) add(key K) {
	if _, ok := s.find(key); ok {
		return
	}
	if s.at == nil && len(s.list) == fewKeys {
		s.at = make(map[K]int, 2*fewKeys)
		for i, k := range s.list {
			s.at[k] = i
		}
	}
	if s.at != nil {
		s.at[key] = len(s.list)
	}
	s.list = append(s.list, key)
}

// contains reports whether there is a key for which is says so.
func (s *keySet[K]) contains(is func(K) bool) bool {
	for _, k := range s.list {
		if is(k) {
			return true
		}
	}
	return false
}
