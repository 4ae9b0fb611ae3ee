package workspace

import (
	"bytes"
	"encoding/json"
	"errors"

	"bailiwick/fail"
)

// checkJSON refuses what is no JSON document, or nests deeper than MaxJSONDepth, and says where.
func checkJSON(content []byte) error {
	if at := tooDeep(content); at >= 0 {
		return fail.Invalidf("the notebook nests deeper than %d levels at %s", MaxJSONDepth, position(content, at))
	}
	var whole json.RawMessage
	err := json.Unmarshal(content, &whole)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fail.Invalidf("the notebook is not JSON: %v at %s", syntax, position(content, int(max(syntax.Offset-1, 0))))
	}
	return err
}

// tooDeep gives the offset of the bracket that opens one level too many; -1 if none does. It runs before the decoder, which recurses.
func tooDeep(content []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(content); i++ {
		switch c := content[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxJSONDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// eachElement calls f with the elements of the array raw, which is valid JSON, until f fails.
func eachElement(raw json.RawMessage, what string, f func(i int, element json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, _ := dec.Token(); open != json.Delim('[') {
		return fail.Invalidf("%s is not an array", what)
	}
	for i := 0; dec.More(); i++ {
		var element json.RawMessage
		if err := dec.Decode(&element); err != nil {
			return fail.Invalidf("%s: element %d: %v", what, i+1, err)
		}
		if err := f(i, element); err != nil {
			return err
		}
	}
	return nil
}

// object takes the object raw, which is valid JSON, apart by its keys. Of a repeated key the last counts, as for every JSON reader.
func object(raw json.RawMessage, what string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, _ := dec.Token(); open != json.Delim('{') {
		return nil, fail.Invalidf("%s is not an object", what)
	}
	keys := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			return nil, fail.Invalidf("%s: %v", what, err)
		}
		if keys[key.(string)] = value; len(keys) > maxJSONKeys {
			return nil, fail.Invalidf("%s has more than %d keys", what, maxJSONKeys)
		}
	}
	return keys, nil
}

// take removes key from keys and gives its value; nil if it is missing or null.
func take(keys map[string]json.RawMessage, key string) json.RawMessage {
	value := keys[key]
	delete(keys, key)
	if bytes.Equal(value, []byte("null")) {
		return nil
	}
	return value
}
