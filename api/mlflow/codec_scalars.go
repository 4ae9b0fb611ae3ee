package mlflow

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var textScalar = scalar[string]{
	read:  (*decoder).str,
	text:  checkedText,
	write: appendString,
	slab:  func(d *decoder) *slab[string] { return &d.strings },
}

var boolScalar = scalar[bool]{read: (*decoder).boolean, text: boolText, write: strconv.AppendBool}

var float64Scalar = scalar[float64]{
	read:  (*decoder).floating,
	text:  floatText,
	write: func(dst []byte, f float64) []byte { return appendFloat(dst, f, 64) },
	slab:  func(d *decoder) *slab[float64] { return &d.floats },
}

var float32Scalar = scalar[float32]{
	read:  (*decoder).floating32,
	text:  float32Text,
	write: func(dst []byte, f float32) []byte { return appendFloat(dst, float64(f), 32) },
}

var int64Scalar = scalar[int64]{
	read:  func(d *decoder) (int64, error) { return d.integer(64) },
	text:  func(s string) (int64, error) { return integerText(s, 64) },
	write: func(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) },
	slab:  func(d *decoder) *slab[int64] { return &d.ints },
}

var int32Scalar = scalar[int32]{
	read:  narrow[int32]((*decoder).integer),
	text:  narrowText[int32](integerText),
	write: func(dst []byte, n int32) []byte { return strconv.AppendInt(dst, int64(n), 10) },
}

var uint64Scalar = scalar[uint64]{
	read:  func(d *decoder) (uint64, error) { return d.natural(64) },
	text:  func(s string) (uint64, error) { return naturalText(s, 64) },
	write: func(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) },
}

var uint32Scalar = scalar[uint32]{
	read:  narrow[uint32]((*decoder).natural),
	text:  narrowText[uint32](naturalText),
	write: func(dst []byte, n uint32) []byte { return strconv.AppendUint(dst, uint64(n), 10) },
}

var bytesScalar = scalar[[]byte]{read: fromText(base64Text), text: base64Text, write: appendBase64}

var timeScalar = scalar[time.Time]{read: fromText(timeText), text: timeText, write: appendTime}

var durationScalar = scalar[time.Duration]{
	read:  fromText(durationText),
	text:  durationText,
	write: appendDuration,
}

// narrow turns a reader of 64 bits, which was told the range, into one of 32.
func narrow[T int32 | uint32, W int64 | uint64](read func(*decoder, int) (W, error)) func(*decoder) (T, error) {
	return func(d *decoder) (T, error) {
		n, err := read(d, 32)
		return T(n), err
	}
}

func narrowText[T int32 | uint32, W int64 | uint64](parse func(string, int) (W, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		n, err := parse(s, 32)
		return T(n), err
	}
}

// fromText reads a scalar whose JSON form is a string.
func fromText[T any](parse func(string) (T, error)) func(*decoder) (T, error) {
	return func(d *decoder) (T, error) {
		s, err := d.str()
		if err != nil {
			var none T
			return none, err
		}
		return parse(s)
	}
}

// boolText takes true and false in any case, as MLflow's server does in queries.
func boolText(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, wrong(quoted(s) + " is neither true nor false")
}

var urlSafe = strings.NewReplacer("-", "+", "_", "/")

// base64Text takes both alphabets, padded or not.
func base64Text(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(urlSafe.Replace(strings.TrimRight(s, "=")))
	if err != nil {
		return nil, wrong(quoted(s) + " is not base64")
	}
	return b, nil
}

func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

func timeText(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1 {
		return t, wrong(quoted(s) + " is not a time like 2026-01-31T12:00:00.5Z")
	}
	return t.UTC(), nil
}

// appendTime writes RFC 3339 in UTC with 0, 3, 6 or 9 digits behind the point, as protobuf does.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	dst = append(t.AppendFormat(append(dst, '"'), "2006-01-02T15:04:05"), fraction(t.Nanosecond())...)
	return append(dst, `Z"`...)
}

// durationText takes decimal seconds with the suffix s ("1.5s").
func durationText(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || strings.Trim(s, "+-.0123456789") != "s" {
		return 0, wrong(quoted(s) + ` is not a number of seconds like "1.5s"`)
	}
	return d, nil
}

func appendDuration(dst []byte, d time.Duration) []byte {
	dst = append(dst, '"')
	if d < 0 {
		dst = append(dst, '-')
	}
	abs := d.Abs()
	dst = strconv.AppendInt(dst, int64(abs/time.Second), 10)
	dst = append(dst, fraction(int(abs%time.Second))...)
	return append(dst, `s"`...)
}

// fraction gives the part of a second with its point, in groups of three digits; empty for a whole second.
func fraction(nanos int) string {
	digits := strconv.Itoa(1e9 + nanos)[1:]
	for strings.HasSuffix(digits, "000") {
		digits = digits[:len(digits)-3]
	}
	if digits == "" {
		return ""
	}
	return "." + digits
}

// enum is implemented by the generated enum types.
type enum interface{ EnumValues() []EnumValue }

// enumNames are an enum's values by name and by number.
type enumNames struct {
	known   map[string]bool
	numbers map[int64]string
}

func namesOf(t reflect.Type) enumNames {
	n := enumNames{map[string]bool{}, map[int64]string{}}
	for _, v := range reflect.Zero(t).Interface().(enum).EnumValues() {
		n.known[v.Name] = true
		if _, twice := n.numbers[int64(v.Number)]; !twice {
			n.numbers[int64(v.Number)] = v.Name
		}
	}
	return n
}

// name gives the name of a value given by name or by number as text; "" for an unknown one, which counts as unset.
func (n enumNames) name(s string) string {
	if n.known[s] {
		return s
	}
	number, err := strconv.ParseInt(strings.TrimSuffix(s, ".0"), 10, 32)
	if err != nil {
		return ""
	}
	return n.numbers[number]
}

func (n enumNames) read(d *decoder) (string, error) {
	c := d.peek()
	switch {
	case c == '"':
		s, err := d.str()
		return n.name(s), err
	case isNumberStart(c):
		token, _, err := d.number()
		return n.name(string(token)), err
	}
	return "", d.want("a name")
}

func enumCodec(t reflect.Type) codec {
	names := namesOf(t)
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			name, err := names.read(d)
			v.SetString(name)
			return err
		},
		text: func(v reflect.Value, texts []string) error {
			v.SetString(names.name(texts[0]))
			return nil
		},
		write: func(dst []byte, v reflect.Value) []byte { return appendString(dst, v.String()) },
		unset: reflect.Value.IsZero,
	}
}

// enumListCodec is for lists of enums, from which unknown values are left out.
func enumListCodec(t reflect.Type) codec {
	names := namesOf(t)
	add := func(v reflect.Value, name string) {
		if name != "" {
			v.Set(reflect.Append(v, reflect.ValueOf(name).Convert(t)))
		}
	}
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			v.SetZero()
			return d.elements(func(int) error {
				name, err := names.read(d)
				add(v, name)
				return err
			})
		},
		text: func(v reflect.Value, texts []string) error {
			v.SetZero()
			for _, s := range texts {
				add(v, names.name(s))
			}
			return nil
		},
		write: func(dst []byte, v reflect.Value) []byte {
			dst = append(dst, '[')
			for i := range v.Len() {
				dst = append(appendString(dst, v.Index(i).String()), ',')
			}
			return closed(dst, ']')
		},
		unset: isEmpty,
	}
}
