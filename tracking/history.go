package tracking

import "slices"

// Merge joins the chunks of one run and key to its history as get-history answers it: ordered by timestamp, step and value, each point
// once (as MLflow's primary key on metrics has it), infinities and NaN as stored.
func Merge(chunks ...[]byte) ([]Point, error) {
	points, err := decodeAll(chunks)
	if err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(points, compareHistory) {
		points = sortHistory(points)
	}
	return slices.CompactFunc(points, func(a, b Point) bool { return compareHistory(a, b) == 0 }), nil
}

// After gives the points of a history that stand behind p, which need not be one of them any more.
func After(history []Point, p Point) []Point {
	i, found := slices.BinarySearchFunc(history, p, compareHistory)
	if found {
		i++
	}
	return history[i:]
}

// decodeAll decodes chunks one behind the other.
func decodeAll(chunks [][]byte) ([]Point, error) {
	total, opened := 0, make([]Chunk, len(chunks))
	for i, b := range chunks {
		c, err := DecodeChunk(b)
		if err != nil {
			return nil, err
		}
		opened[i], total = c, total+c.Len()
	}
	points := make([]Point, 0, total)
	for i := range opened {
		c := &opened[i]
		for p, ok := c.Next(); ok; p, ok = c.Next() {
			p.Value = StoredValue(p.Value)
			points = append(points, p)
		}
		if c.Err() != nil {
			return nil, c.Err()
		}
	}
	return points, nil
}

// sortHistory sorts points that mostly come in ordered stretches, as chunks do: it merges neighbouring stretches until one is left.
func sortHistory(points []Point) []Point {
	ends := stretches(points)
	if len(ends) > len(points)/8 {
		slices.SortFunc(points, compareHistory)
		return points
	}
	spare := make([]Point, len(points))
	for len(ends) > 1 {
		next, start := ends[:0], 0
		for i := 0; i < len(ends); i += 2 {
			if i+1 == len(ends) {
				copy(spare[start:], points[start:ends[i]])
				next = append(next, ends[i])
				break
			}
			mergeInto(spare[start:], points[start:ends[i]], points[ends[i]:ends[i+1]])
			start = ends[i+1]
			next = append(next, start)
		}
		points, spare, ends = spare, points, next
	}
	return points
}

// stretches gives where each ordered stretch ends.
func stretches(points []Point) []int {
	var ends []int
	for i := 1; i <= len(points); i++ {
		if i == len(points) || compareHistory(points[i-1], points[i]) > 0 {
			ends = append(ends, i)
		}
	}
	return ends
}

// mergeInto merges two ordered lists.
func mergeInto(dst, a, b []Point) {
	i := 0
	for len(a) > 0 && len(b) > 0 {
		if compareHistory(a[0], b[0]) <= 0 {
			dst[i], a = a[0], a[1:]
		} else {
			dst[i], b = b[0], b[1:]
		}
		i++
	}
	i += copy(dst[i:], a)
	copy(dst[i:], b)
}

// Sample gives at most limit points of a history, evenly spread over its steps, as get-history-bulk-interval answers it: the points from
// step first to last (nil for all) in the order of their steps are dealt into limit buckets whose sizes differ by one at most, larger ones
// in front; of each bucket the first point is kept, and the very last point takes the place of the last one kept.
func Sample(history []Point, limit int, first, last *int64) []Point {
	points := slices.Clone(history)
	if first != nil && last != nil {
		points = slices.DeleteFunc(points, func(p Point) bool { return p.Step < *first || p.Step > *last })
	}
	if !slices.IsSortedFunc(points, compareSteps) {
		slices.SortFunc(points, compareSteps)
	}
	n := len(points)
	buckets := min(n, max(limit, 1))
	if n == buckets {
		return points
	}
	size, larger := n/buckets, n%buckets
	out := make([]Point, buckets)
	for i := range out {
		out[i] = points[i*size+min(i, larger)]
	}
	out[buckets-1] = points[n-1]
	return out
}
