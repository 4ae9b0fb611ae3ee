package tracking

import "strconv"

// at names a field of what where names; where may be empty.
func at(where, field string) string {
	if where == "" {
		return field
	}
	return where + "." + field
}

// nth names an element of a list.
func nth(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
