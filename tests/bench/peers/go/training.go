package main

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// household has the seconds that wait for their other half, ascending, and the open session.
type household struct {
	readings []reading
	states   []deviceState
	session  []reading
	bitmaps  [][]bool
}

// training joins the two inputs second by second and emits the sessions that a later second closes.
// The topics are read side by side, so a second waits until both inputs are past it and the
// lateness allowed.
func training() job {
	households := map[string]*household{}
	return func(record *kgo.Record, emit func(key, value []byte)) {
		h := households[string(record.Key)]
		if h == nil {
			h = &household{}
			households[string(record.Key)] = h
		}
		if record.Topic == "power" {
			var r reading
			decode(record.Value, &r)
			h.readings = inserted(h.readings, r, func(r reading) int64 { return r.Timestamp })
		} else {
			var s deviceState
			decode(record.Value, &s)
			h.states = inserted(h.states, s, func(s deviceState) int64 { return s.Timestamp })
		}
		h.fuse(record.Key, emit)
	}
}

// inserted keeps events ascending; the first of a second counts. Nearly all come at the end.
func inserted[E any](events []E, event E, second func(E) int64) []E {
	if n := len(events); n == 0 || second(events[n-1]) < second(event) {
		return append(events, event)
	}
	place, isThere := slices.BinarySearchFunc(events, second(event), func(e E, s int64) int {
		return cmp.Compare(second(e), s)
	})
	if isThere {
		return events
	}
	return slices.Insert(events, place, event)
}

func (h *household) fuse(key []byte, emit func(key, value []byte)) {
	for len(h.readings) > 0 && len(h.states) > 0 {
		r, s := &h.readings[0], &h.states[0]
		newest := min(h.readings[len(h.readings)-1].Timestamp, h.states[len(h.states)-1].Timestamp)
		second := min(r.Timestamp, s.Timestamp, newest-latenessS)
		h.close(second, key, emit)
		if second == newest-latenessS {
			return
		}
		if r.Timestamp == s.Timestamp {
			h.take(*r, s.StateBitmap)
		}
		if r.Timestamp == second {
			h.readings = h.readings[1:]
		}
		if h.states[0].Timestamp == second {
			h.states = h.states[1:]
		}
	}
}

// close ends the session that a second cannot belong to.
func (h *household) close(second int64, key []byte, emit func(key, value []byte)) {
	n := len(h.session)
	if n == 0 || second-h.session[n-1].Timestamp <= gapS {
		return
	}
	if h.session[n-1].Timestamp-h.session[0].Timestamp > minDurationS {
		emit(key, h.dataset())
	}
	h.session, h.bitmaps = h.session[:0], h.bitmaps[:0]
}

// take drops a second that others have overtaken for good.
func (h *household) take(r reading, bitmap []bool) {
	if n := len(h.session); n > 0 && r.Timestamp <= h.session[n-1].Timestamp {
		return
	}
	h.session, h.bitmaps = append(h.session, r), append(h.bitmaps, bitmap)
}

func (h *household) dataset() []byte {
	first, last := &h.session[0], &h.session[len(h.session)-1]
	b := make([]byte, 0, 128*len(h.session))
	b = beginning(b, first, "session_start", first.Timestamp, "session_end", last.Timestamp)
	for i := range h.session {
		b = appendSecond(b, h.session[i].Timestamp)
	}
	b = next(b, `],"consumption":[`)
	for i := range h.session {
		b = appendWatts(b, h.session[i].Consumption)
	}
	b = next(b, `],"state_bitmaps":[`)
	for _, bitmap := range h.bitmaps {
		b = appendBitmap(b, bitmap)
	}
	return next(b, "]}")
}
