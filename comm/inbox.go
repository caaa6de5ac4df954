package comm

// inbox holds the messages to one rank in the order of arrival. The zero inbox is empty. Its user guards it.
type inbox struct {
	// first and last are the ends of the list of all messages.
	first, last *mail
	len         int

	// byKey holds for each envelope its oldest and newest message: a rank that waits for one envelope need not look
	// through those of others.
	byKey map[Envelope]ends
}

type ends struct{ oldest, newest *mail }

// mail is a message in an inbox.
type mail struct {
	Message
	prev, next *mail

	// nextSame is the next message with the same envelope.
	nextSame *mail
}

// put adds m as the newest.
func (b *inbox) put(m Message) {
	x := &mail{Message: m, prev: b.last}
	if b.last == nil {
		b.first = x
	} else {
		b.last.next = x
	}
	b.last = x
	b.len++
	if b.byKey == nil {
		b.byKey = make(map[Envelope]ends)
	}
	same := b.byKey[m.Envelope]
	if same.newest == nil {
		same.oldest = x
	} else {
		same.newest.nextSame = x
	}
	same.newest = x
	b.byKey[m.Envelope] = same
}

// find returns the oldest message that w matches, or nil. It takes constant time if w is for one envelope, or for any,
// and else the time to pass by those that are older and do not match.
func (b *inbox) find(w *Want) *mail {
	if b.len == 0 {
		return nil
	}
	if w.From != AnySource && w.Tag != AnyTag {
		return b.byKey[Envelope{From: w.From, Tag: w.Tag}].oldest
	}
	for x := b.first; x != nil; x = x.next {
		if w.matches(x.Envelope) {
			return x
		}
	}
	return nil
}

// take removes what find has returned.
func (b *inbox) take(x *mail) Message {
	if x.prev == nil {
		b.first = x.next
	} else {
		x.prev.next = x.next
	}
	if x.next == nil {
		b.last = x.prev
	} else {
		x.next.prev = x.prev
	}
	b.len--
	if x.nextSame == nil {
		delete(b.byKey, x.Envelope)
	} else {
		same := b.byKey[x.Envelope]
		same.oldest = x.nextSame
		b.byKey[x.Envelope] = same
	}
	return x.Message
}
