package mlflow

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"

	"bailiwick/fail"
)

// Decode reads the JSON body of a request into the message that into points to; what the body does not name keeps its value.
//
// It takes what MLflow's own server takes: snake_case and camelCase names (not both for one field of one object), unknown names, a
// JSON text wrapped in a JSON string, whole numbers as numbers or strings, floats as numbers, numeric strings, booleans, NaN and
// Infinity quoted or not, enums by name or number (unknown ones count as unset), null for unset, an empty body for an empty message.
// The last of repeated names wins. The source of these rules is MLflow 3.17's handlers and protobuf's json_format.
//
// Everything else is a fail.Invalid that names the field (metrics[3].value) or, for malformed JSON, the byte: lists and scalars in the
// place of an object, wrong types, numbers that do not fit, nulls in lists, NUL and invalid UTF-8, nesting deeper than 32.
// MLflow's server drops the rest of such a body silently.
func Decode(body []byte, into any) error {
	v := reflect.ValueOf(into).Elem()
	if err := newDecoder(body).root(v, planOf(v.Type())); err != nil {
		return fail.Invalidf("%s", err.Error())
	}
	return nil
}

// newDecoder starts behind a byte order mark, if there is one.
func newDecoder(text []byte) *decoder {
	d := &decoder{b: text}
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		d.i = len("\ufeff")
	}
	return d
}

// root reads a whole text: nothing, null, an object, or a string that holds the text once more.
func (d *decoder) root(v reflect.Value, p *plan) error {
	if d.peek() == '"' {
		inner, err := d.rawText()
		if err != nil {
			return err
		}
		if err := d.end(); err != nil {
			return err
		}
		d = newDecoder(bytes.Clone(inner))
	}
	if c := d.peek(); c == 'n' {
		if err := d.literal("null"); err != nil {
			return err
		}
	} else if d.i < len(d.b) {
		if err := d.object(v, p); err != nil {
			return err
		}
	}
	return d.end()
}

func (d *decoder) end() error {
	if d.peek(); d.i < len(d.b) {
		return d.malformed("something follows the end")
	}
	return nil
}

// object reads an object into the message v. Names mostly come in the order of the fields, so the next one is tried first.
func (d *decoder) object(v reflect.Value, p *plan) error {
	var seen [2]uint64 // by name, by alias
	next := 0
	return d.members(func(key []byte) error {
		at := spelling{next, false}
		if next >= len(p.fields) || p.fields[next].name != string(key) {
			known := false
			if at, known = p.names[string(key)]; !known {
				name := string(key) // before skip overwrites it
				return within(d.skip(), name)
			}
		}
		f := &p.fields[at.field]
		next = at.field + 1
		if at.alias {
			seen[1] |= 1 << at.field
		} else {
			seen[0] |= 1 << at.field
		}
		if seen[0]&seen[1] != 0 {
			return wrong("gives both " + f.name + " and " + f.alias + "; give one of them")
		}
		if err := d.value(v.Field(f.index), f); err != nil {
			return within(err, f.name)
		}
		return nil
	})
}

func (d *decoder) value(v reflect.Value, f *field) error {
	if d.peek() != 'n' || f.keepsNull {
		return f.read(d, v)
	}
	v.SetZero()
	return d.literal("null")
}

// str reads a string. Short ones that were met a little earlier are shared.
func (d *decoder) str() (string, error) {
	if d.peek() != '"' {
		return "", d.want("a string")
	}
	raw, err := d.rawText()
	if err != nil || len(raw) == 0 {
		return "", err
	}
	if len(raw) > 64 {
		return string(raw), nil
	}
	slot := &d.recent[(uint(len(raw))*31+uint(raw[0])*7+uint(raw[len(raw)/2])*5+uint(raw[len(raw)-1]))%uint(len(d.recent))]
	if *slot != string(raw) {
		*slot = string(raw)
	}
	return *slot, nil
}

func (d *decoder) boolean() (bool, error) {
	switch d.peek() {
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	}
	return false, d.want("true or false")
}

// slab hands out room for one value after the other from pieces that grow, so that many optional scalars cost few allocations.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) put(x T) *T {
	if len(s.free) == 0 {
		s.size = min(max(2*s.size, 4), 256)
		s.free = make([]T, s.size)
	}
	p := &s.free[0]
	s.free, *p = s.free[1:], x
	return p
}

// slabs are a decoder's slabs for the types that come in numbers.
type slabs struct {
	strings slab[string]
	floats  slab[float64]
	ints    slab[int64]
}

// messageCodec is for a message in a message.
func messageCodec(t reflect.Type, p *plan) codec {
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			m := reflect.New(t)
			v.Set(m)
			return d.object(m.Elem(), p)
		},
		text:  noText,
		write: func(dst []byte, v reflect.Value) []byte { return p.append(dst, v.Elem()) },
		unset: reflect.Value.IsNil,
	}
}

// messageListCodec is for a list of messages; the messages stand in pieces that grow.
func messageListCodec(t reflect.Type, p *plan) codec {
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			v.SetZero()
			var piece reflect.Value
			left, size := 0, 2
			return d.elements(func(i int) error {
				if left == 0 {
					size = min(2*size, 128)
					piece, left = reflect.MakeSlice(reflect.SliceOf(t), size, size), size
				}
				m := piece.Index(size - left)
				left--
				if i == v.Cap() {
					v.Grow(size)
				}
				v.SetLen(i + 1)
				v.Index(i).Set(m.Addr())
				return d.object(m, p)
			})
		},
		text:  noText,
		write: func(dst []byte, v reflect.Value) []byte { return p.appendList(dst, v) },
		unset: isEmpty,
	}
}

// noText refuses a message in a query, where it has no form.
func noText(reflect.Value, []string) error { return wrong("cannot be given in a query") }

// rawCodecs is for google.protobuf.Value and Struct: JSON that is kept as it came, without blanks. NaN and Infinity are refused in it,
// since the field is written into answers as it stands.
func rawCodecs() map[reflect.Type]codec {
	return map[reflect.Type]codec{reflect.TypeFor[json.RawMessage](): {
		read: func(d *decoder, v reflect.Value) error {
			d.peek()
			start := d.i
			if err := d.skip(); err != nil {
				return err
			}
			return setRaw(v, d.b[start:d.i])
		},
		text:      func(v reflect.Value, texts []string) error { return setRaw(v, []byte(texts[0])) },
		write:     func(dst []byte, v reflect.Value) []byte { return append(dst, *in[json.RawMessage](v)...) },
		unset:     reflect.Value.IsNil,
		keepsNull: true,
	}}
}

func setRaw(v reflect.Value, text []byte) error {
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return wrong("must be JSON without NaN and Infinity")
	}
	*in[json.RawMessage](v) = compact.Bytes()
	return nil
}

// mapCodecs is for maps from strings to scalars.
func mapCodecs[T any](s scalar[T]) map[reflect.Type]codec {
	return map[reflect.Type]codec{reflect.TypeFor[map[string]T](): {
		read: func(d *decoder, v reflect.Value) error {
			m := map[string]T{}
			*in[map[string]T](v) = m
			return d.members(func(raw []byte) error {
				key := string(raw)
				x, err := s.read(d)
				m[key] = x
				return within(err, strconv.Quote(key))
			})
		},
		text:  noText,
		write: func(dst []byte, v reflect.Value) []byte { return appendMap(dst, *in[map[string]T](v), s.write) },
		unset: isEmpty,
	}}
}

// checkedText refuses in a query's text what a body's strings are refused for.
func checkedText(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", wrong("is not valid UTF-8")
	case bytes.IndexByte([]byte(s), 0) >= 0:
		return "", wrong("holds the character NUL")
	}
	return s, nil
}
