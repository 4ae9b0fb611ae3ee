package mlflow

import (
	"bytes"
	"encoding/json"

	"bailiwick/api"
	"bailiwick/fail"
)

// graphAnswer is an answer to a document: its root's message as the REST routes give it, written as the document selects.
type graphAnswer struct {
	asked   *graphCall
	message map[string]any
}

// json writes the answer. Values come out of messages that were written before, so all have the shapes of the schema.
func (a *graphAnswer) json() []byte {
	dst := append(make([]byte, 0, 4096), `{"data":{"`...)
	dst = append(append(dst, a.asked.operation.root...), `":`...)
	dst = graphSchema[a.asked.operation.answer].append(dst, a.asked.parsed.root.fields, a.message)
	return append(dst, `},"errors":null}`...)
}

// messageOf reads a message that was written.
func messageOf(body []byte) (message map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err = d.Decode(&message)
	return message, err
}

// append writes what is selected of an object.
func (t *graphType) append(dst []byte, fields []graphSelection, message map[string]any) []byte {
	dst = append(dst, '{')
	for _, s := range fields {
		dst = append(appendString(dst, s.name), ':')
		if s.name == typeName {
			dst = append(appendString(dst, t.name), ',')
			continue
		}
		f := t.fields[s.name]
		value, ok := message[f.wire]
		if !ok && t.nulls {
			dst = append(dst, "null,"...)
			continue
		}
		dst = append(f.append(dst, s.fields, value), ',')
	}
	return closed(dst, '}')
}

func (f graphField) append(dst []byte, fields []graphSelection, value any) []byte {
	if !f.list {
		return f.appendOne(dst, fields, value)
	}
	dst = append(dst, '[')
	list, _ := value.([]any)
	for _, v := range list {
		dst = append(f.appendOne(dst, fields, v), ',')
	}
	return closed(dst, ']')
}

func (f graphField) appendOne(dst []byte, fields []graphSelection, value any) []byte {
	switch f.typ {
	case "":
		text, _ := value.(string)
		return appendString(dst, text)
	case "Long":
		n, ok := value.(json.Number)
		if !ok {
			n = "0"
		}
		return append(append(append(dst, '"'), n...), '"')
	case "Float":
		if n, ok := value.(json.Number); ok {
			return append(dst, n...)
		}
		return append(dst, "null"...) // NaN, which GraphQL has not
	}
	message, _ := value.(map[string]any)
	return graphSchema[f.typ].append(dst, fields, message)
}

// failGraph writes an error as MLflow's pages read it: of one of their documents, in its answer's apiError. What is wrong with the server or with
// who calls is an error of the call.
func failGraph(c *api.Call, e *fail.Error) (int, []byte) {
	status, body := api.FailJSON(c, e)
	q, _ := c.Asked().(*graphCall)
	switch {
	case e.Kind == fail.Unauthenticated:
		return status, body
	case q == nil || q.operation == nil || status >= 500:
		message, err := json.Marshal(e.Message)
		if err != nil {
			return status, body
		}
		return status, append(append([]byte(`{"data":null,"errors":[{"message":`), message...), `}]}`...)
	}
	failure, err := messageOf(body)
	if err != nil {
		return status, body
	}
	a := graphAnswer{q, map[string]any{"apiError": map[string]any{"code": failure["error_code"], "message": failure["message"]}}}
	return 200, a.json()
}
