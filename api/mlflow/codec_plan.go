package mlflow

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
)

// plan is what the codec knows of one message type, made once from its fields and `wire` tags.
type plan struct {
	fields []field
	names  map[string]spelling
}

// field is one field of a message. key is the quoted name with its colon, ready to be appended.
type field struct {
	codec
	name, alias, key string
	index            int
}

// spelling is what a key in an object means: the field, and whether it is its camelCase name.
type spelling struct {
	field int
	alias bool
}

// codec reads and writes values of one Go type. read gets an addressable value; null never reaches it unless keepsNull.
type codec struct {
	read      func(*decoder, reflect.Value) error
	text      func(reflect.Value, []string) error
	write     func([]byte, reflect.Value) []byte
	unset     func(reflect.Value) bool
	keepsNull bool
}

// maxFields bounds the fields of a message: the decoder keeps a bit for each.
const maxFields = 64

var (
	plans     sync.Map // reflect.Type of a message struct → *plan, complete
	plansLock sync.Mutex
)

// planOf gives the plan of a message struct. A type that is no message is a defect of the program, found by its first test: it panics.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	plansLock.Lock()
	defer plansLock.Unlock()
	b := builder{}
	p := b.message(t)
	for t, p := range b {
		plans.LoadOrStore(t, p)
	}
	return p
}

// builder holds the plans under construction, so that messages may contain each other.
type builder map[reflect.Type]*plan

func (b builder) message(t reflect.Type) *plan {
	if p := b[t]; p != nil {
		return p
	}
	if t.Kind() != reflect.Struct || t.NumField() > maxFields {
		panic(fmt.Sprintf("mlflow: %v is not a message of at most %d fields", t, maxFields))
	}
	p := &plan{names: map[string]spelling{}}
	b[t] = p
	for i := range t.NumField() {
		f := t.Field(i)
		name, alias, _ := strings.Cut(f.Tag.Get("wire"), ",")
		p.fields = append(p.fields, field{b.codec(f.Type), name, alias, `"` + name + `":`, i})
		p.names[name] = spelling{i, false}
		if alias != "" {
			p.names[alias] = spelling{i, true}
		}
	}
	return p
}

// codec gives the codec of a field's type: one of the table's, or one made for an enum or a message, alone or in a list.
func (b builder) codec(t reflect.Type) codec {
	if c, ok := codecs[t]; ok {
		return c
	}
	switch {
	case t.Implements(reflect.TypeFor[enum]()):
		return enumCodec(t)
	case t.Kind() == reflect.Pointer:
		return messageCodec(t.Elem(), b.message(t.Elem()))
	case t.Kind() == reflect.Slice && t.Elem().Implements(reflect.TypeFor[enum]()):
		return enumListCodec(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Pointer:
		return messageListCodec(t.Elem().Elem(), b.message(t.Elem().Elem()))
	}
	panic(fmt.Sprintf("mlflow: a field of type %v has no wire form", t))
}

// codecs are the types whose form does not depend on the message: scalars as optional, plain and list, maps, bytes, raw JSON and times.
var codecs = joined(
	scalarCodecs(textScalar),
	scalarCodecs(boolScalar),
	scalarCodecs(float64Scalar),
	scalarCodecs(float32Scalar),
	scalarCodecs(int64Scalar),
	scalarCodecs(int32Scalar),
	scalarCodecs(uint64Scalar),
	scalarCodecs(uint32Scalar),
	scalarCodecs(bytesScalar),
	scalarCodecs(timeScalar),
	scalarCodecs(durationScalar),
	mapCodecs(textScalar),
	mapCodecs(float64Scalar),
	rawCodecs(),
)

func joined(tables ...map[reflect.Type]codec) map[reflect.Type]codec {
	all := map[reflect.Type]codec{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// scalar is one scalar type: how it is read from JSON and from a query's text, how it is written, and the decoder's slab
// for optional ones, nil for types whose values come one by one.
type scalar[T any] struct {
	read  func(*decoder) (T, error)
	text  func(string) (T, error)
	write func([]byte, T) []byte
	slab  func(*decoder) *slab[T]
}

// room gives the address of a copy of x. Only where there is no slab does the copy cost an allocation of its own.
func (s *scalar[T]) room(d *decoder, x T) *T {
	if s.slab != nil {
		return s.slab(d).put(x)
	}
	alone := x
	return &alone
}

// in gives the typed address of an addressable value.
func in[T any](v reflect.Value) *T { return v.Addr().Interface().(*T) }

func scalarCodecs[T any](s scalar[T]) map[reflect.Type]codec {
	return map[reflect.Type]codec{
		reflect.TypeFor[*T]():  optionalCodec(s),
		reflect.TypeFor[T]():   plainCodec(s),
		reflect.TypeFor[[]T](): listCodec(s),
	}
}

func optionalCodec[T any](s scalar[T]) codec {
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			x, err := s.read(d)
			if err == nil {
				v.Set(reflect.ValueOf(s.room(d, x)))
			}
			return err
		},
		text: func(v reflect.Value, texts []string) error {
			x, err := s.text(texts[0])
			v.Set(reflect.ValueOf(&x))
			return err
		},
		write: func(dst []byte, v reflect.Value) []byte { return s.write(dst, *v.Interface().(*T)) },
		unset: reflect.Value.IsNil,
	}
}

// plainCodec is for scalars without presence: zero is unset. Bytes are among them, where nil is unset and empty is not.
func plainCodec[T any](s scalar[T]) codec {
	return codec{
		read: func(d *decoder, v reflect.Value) (err error) {
			*in[T](v), err = s.read(d)
			return err
		},
		text: func(v reflect.Value, texts []string) (err error) {
			*in[T](v), err = s.text(texts[0])
			return err
		},
		write: func(dst []byte, v reflect.Value) []byte { return s.write(dst, *in[T](v)) },
		unset: reflect.Value.IsZero,
	}
}

func listCodec[T any](s scalar[T]) codec {
	return codec{
		read: func(d *decoder, v reflect.Value) error {
			list := in[[]T](v)
			*list = nil
			return d.elements(func(int) error {
				x, err := s.read(d)
				*list = append(*list, x)
				return err
			})
		},
		text: func(v reflect.Value, texts []string) error {
			list := make([]T, len(texts))
			for i, text := range texts {
				var err error
				if list[i], err = s.text(text); err != nil {
					return within(err, element(i))
				}
			}
			*in[[]T](v) = list
			return nil
		},
		write: func(dst []byte, v reflect.Value) []byte {
			dst = append(dst, '[')
			for _, x := range *in[[]T](v) {
				dst = append(s.write(dst, x), ',')
			}
			return closed(dst, ']')
		},
		unset: isEmpty,
	}
}

func isEmpty(v reflect.Value) bool { return v.Len() == 0 }
