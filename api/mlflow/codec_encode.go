package mlflow

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the message v, a pointer to a wire shape, as MLflow's server writes it, without blanks: snake_case names in the
// order of the fields, 64-bit numbers as numbers, unset fields and empty lists left out, what is set but empty kept. NaN is the string
// "NaN", an infinity is the largest number of its sign. Bytes that are not UTF-8 become U+FFFD. A nil message is {}.
func AppendJSON(dst []byte, v any) []byte {
	m := reflect.ValueOf(v)
	if m.IsNil() {
		return append(dst, "{}"...)
	}
	return planOf(m.Type().Elem()).append(dst, m.Elem())
}

func (p *plan) append(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '{')
	for i := range p.fields {
		f := &p.fields[i]
		if at := v.Field(f.index); !f.unset(at) {
			dst = append(f.write(append(dst, f.key...), at), ',')
		}
	}
	return closed(dst, '}')
}

// appendList writes a list of messages; a nil element is an empty message.
func (p *plan) appendList(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '[')
	for i := range v.Len() {
		if m := v.Index(i); m.IsNil() {
			dst = append(dst, "{}"...)
		} else {
			dst = p.append(dst, m.Elem())
		}
		dst = append(dst, ',')
	}
	return closed(dst, ']')
}

// closed puts the bracket in the place of the last comma, or behind an empty opening.
func closed(dst []byte, bracket byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = bracket
		return dst
	}
	return append(dst, bracket)
}

func appendMap[T any](dst []byte, m map[string]T, write func([]byte, T) []byte) []byte {
	dst = append(dst, '{')
	for _, key := range slices.Sorted(maps.Keys(m)) {
		dst = append(appendString(dst, key), ':')
		dst = append(write(dst, m[key]), ',')
	}
	return closed(dst, '}')
}

// appendFloat writes a number as Python does: shortest form, with .0 where it is whole.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 0):
		f, bits = math.Copysign(math.MaxFloat64, f), 64
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 && (f != 0 || !math.Signbit(f)) {
		return append(strconv.AppendInt(dst, int64(f), 10), ".0"...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	if format == 'f' && !slices.Contains(dst[start:], '.') {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendString writes a quoted string. Printable stretches are copied whole.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		size := 1
		if s[i] >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = appendEscape(append(dst, s[start:i]...), s[i])
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

const hexDigits = "0123456789abcdef"

var shortEscapes = [256]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendEscape writes one byte that may not stand in a JSON string as it is.
func appendEscape(dst []byte, c byte) []byte {
	switch {
	case c >= utf8.RuneSelf:
		return append(dst, "\ufffd"...)
	case shortEscapes[c] != 0:
		return append(dst, '\\', shortEscapes[c])
	}
	return append(dst, `\u00`+string(hexDigits[c>>4])+string(hexDigits[c&15])...)
}
