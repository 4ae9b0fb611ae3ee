package mlflow

import (
	"net/url"
	"reflect"

	"bailiwick/fail"
)

// DecodeQuery reads the parameters of a GET or DELETE, or those of a path, into the message that into points to; a parameter of a path
// put in after the body wins. Names are snake_case or camelCase (not both for one field), unknown ones are ignored, lists are repeated
// parameters, of other repeated ones the first counts, booleans are true and false in any case. Clients send both run_id and run_uuid;
// both are fields. Refusals are fail.Invalid with the field's name; a field that is a message has no form in a query and is refused.
func DecodeQuery(values url.Values, into any) error {
	v := reflect.ValueOf(into).Elem()
	p := planOf(v.Type())
	for i := range p.fields {
		f := &p.fields[i]
		texts, err := f.given(values)
		if err == nil && len(texts) > 0 {
			err = within(f.text(v.Field(f.index), texts), f.name)
		}
		if err != nil {
			return fail.Invalidf("%s", err.Error())
		}
	}
	return nil
}

// given gives the field's parameters under the one of its names that is used.
func (f *field) given(values url.Values) ([]string, error) {
	texts := values[f.name]
	if f.alias == "" || len(values[f.alias]) == 0 {
		return texts, nil
	}
	if len(texts) > 0 {
		return nil, within(wrong("is given as "+f.alias+" too; give one of them"), f.name)
	}
	return values[f.alias], nil
}
