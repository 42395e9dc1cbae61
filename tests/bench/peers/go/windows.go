package main

import "github.com/twmb/franz-go/pkg/kgo"

const heldS = windowS + latenessS

// recent has a household's readings of the last seconds, by second modulo their number.
type recent struct {
	newest      int64
	timestamps  [heldS]int64
	consumption [heldS]float64
}

// windows emits the full windows [end-15, end) once a household's event time reaches end+5. The first
// reading of a second counts.
func windows() job {
	households := map[string]*recent{}
	return func(record *kgo.Record, emit func(key, value []byte)) {
		var r reading
		decode(record.Value, &r)
		h := households[string(record.Key)]
		if h == nil {
			h = &recent{newest: r.Timestamp}
			households[string(record.Key)] = h
		}
		if r.Timestamp <= h.newest-heldS {
			return // no window of it is open
		}
		if r.Timestamp > h.newest {
			// No window that ends later than this has a reading.
			last := min(r.Timestamp-latenessS, h.newest+windowS)
			for end := h.newest - latenessS + 1; end <= last; end++ {
				if h.isFull(end) {
					emit(record.Key, h.window(&r, end))
				}
			}
			h.newest = r.Timestamp
		}
		place := r.Timestamp % heldS
		if h.timestamps[place] != r.Timestamp {
			h.timestamps[place], h.consumption[place] = r.Timestamp, r.Consumption
		}
	}
}

func (h *recent) isFull(end int64) bool {
	for second := end - windowS; second < end; second++ {
		if h.timestamps[second%heldS] != second {
			return false
		}
	}
	return true
}

func (h *recent) window(household *reading, end int64) []byte {
	b := beginning(make([]byte, 0, 420), household, "window_start", end-windowS, "window_end", end)
	for second := end - windowS; second < end; second++ {
		b = appendSecond(b, second)
	}
	b = next(b, `],"consumption":[`)
	for second := end - windowS; second < end; second++ {
		b = appendWatts(b, h.consumption[second%heldS])
	}
	return next(b, "]}")
}
