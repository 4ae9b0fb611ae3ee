package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// maxDepth bounds the nesting of a JSON body.
const maxDepth = 64

// DecodeJSON is the codec of the fronts that speak plain JSON: the body fills fields by their json tags, the query by query tags, the path's
// variables by path tags. An empty body is an empty request; unknown keys are ignored, as the protocols ask; NUL and invalid UTF-8 are not.
func DecodeJSON(in *Input, request any) error {
	if body := bytes.TrimSpace(in.Body); len(body) > 0 {
		if err := CheckJSON(body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, request); err != nil {
			return jsonError(err)
		}
	}
	return fill(reflect.ValueOf(request).Elem(), in)
}

// fill takes what comes in the address into the fields of a request, those of structs within it too where they have no name.
func fill(v reflect.Value, in *Input) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if err := fill(v.Field(i), in); err != nil {
				return err
			}
		}
		if err := bind(v.Field(i), f.Tag.Get("query"), in.Query); err != nil {
			return err
		}
		if text, ok := in.Path[f.Tag.Get("path")]; ok {
			if err := set(v.Field(i), f.Tag.Get("path"), text); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckJSON refuses what no protocol here allows in a body: more than 64 levels, NUL, invalid UTF-8.
func CheckJSON(body []byte) error {
	if !utf8.Valid(body) {
		return fail.Invalidf("the body is not valid UTF-8")
	}
	if bytes.IndexByte(body, 0) >= 0 || escapesNUL(body) {
		return fail.Invalidf("the body contains a NUL character")
	}
	return checkDepth(body, maxDepth)
}

// escapesNUL finds a NUL written as an escape; a backslash that is itself escaped begins none.
func escapesNUL(body []byte) bool {
	for i := 0; i+5 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if string(body[i+1:i+6]) == "u0000" {
			return true
		}
		i++
	}
	return false
}

// checkDepth refuses a JSON text that is nested deeper than most.
func checkDepth(body []byte, most int) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return fail.Invalidf("the body is nested deeper than %d levels (byte %d)", most, i)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fail.Invalidf("malformed JSON at byte %d: %v", syntax.Offset, err)
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fail.Invalidf("%s: expected %s, got %s", kind.Field, kind.Type, kind.Value)
	}
	var named *fail.Error
	if errors.As(err, &named) {
		return named
	}
	return fail.Invalidf("malformed request: %v", err)
}

func bind(v reflect.Value, name string, query map[string][]string) error {
	values := query[name]
	if name == "" || len(values) == 0 {
		return nil
	}
	if v.Kind() == reflect.Slice {
		for _, text := range values {
			if !isText(text) {
				return fail.Invalidf("%s: not valid text", name)
			}
		}
		v.Set(reflect.ValueOf(values))
		return nil
	}
	return set(v, name, values[len(values)-1])
}

// isText says whether the text can be stored by both engines.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// set parses one text into a field of a basic type.
func set(v reflect.Value, name, text string) error {
	if !isText(text) {
		return fail.Invalidf("%s: not valid text", name)
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		err = set(p.Elem(), name, text)
		v.Set(p)
	default:
		err = fmt.Errorf("cannot be given in an address")
	}
	if err != nil {
		return fail.Invalidf("%s: %q is not %s", name, text, v.Type())
	}
	return nil
}

// EncodeJSON writes an answer as plain JSON, without escaping for HTML.
func EncodeJSON(answer any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(answer); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Databricks' and MLflow's JSON error, which two fronts share: error_code, message, and for a refusal its reason.
type jsonFailure struct {
	Code    string `json:"error_code"`
	Message string `json:"message"`
	Refusal any    `json:"refusal,omitempty"`
}

// codes is the table from kind to status and error code of MLflow and Databricks (reference: MLflow's exceptions, the SDKs' error maps).
var codes = [...]struct {
	status int
	code   string
}{
	fail.Internal:        {500, "INTERNAL_ERROR"},
	fail.Invalid:         {400, "INVALID_PARAMETER_VALUE"},
	fail.NotFound:        {404, "RESOURCE_DOES_NOT_EXIST"},
	fail.Denied:          {403, "PERMISSION_DENIED"},
	fail.Unauthenticated: {401, "UNAUTHENTICATED"},
	fail.Exists:          {400, "RESOURCE_ALREADY_EXISTS"},
	fail.Conflict:        {409, "RESOURCE_CONFLICT"},
	fail.State:           {400, "INVALID_STATE"},
	fail.TooLarge:        {413, "MAX_REQUEST_SIZE_EXCEEDED"},
	fail.Limit:           {400, "QUOTA_EXCEEDED"},
	fail.Unsupported:     {501, "NOT_IMPLEMENTED"},
	fail.Unavailable:     {503, "TEMPORARILY_UNAVAILABLE"},
}

// FailJSON writes an error as MLflow and Databricks clients read it.
func FailJSON(_ *Call, e *fail.Error) (int, []byte) {
	row := codes[fail.Internal]
	if int(e.Kind) < len(codes) {
		row = codes[e.Kind]
	}
	f := jsonFailure{Code: row.code, Message: e.Message}
	if e.Code != "" {
		f.Code = e.Code
	}
	if f.Code == "METHOD_NOT_ALLOWED" {
		row.status = 405
	}
	if e.Reason != nil {
		f.Refusal = e.Reason
	}
	body, err := EncodeJSON(f)
	if err != nil {
		return 500, []byte(`{"error_code":"INTERNAL_ERROR","message":"internal error"}`)
	}
	return row.status, body
}
