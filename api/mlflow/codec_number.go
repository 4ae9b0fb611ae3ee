package mlflow

import (
	"math"
	"strconv"
	"strings"
)

func isNumberStart(c byte) bool { return c-'0' <= 9 || c == '-' || c == 'N' || c == 'I' }

// number reads a number and tells whether it is written as a whole one. Python's NaN, Infinity and -Infinity are numbers too.
func (d *decoder) number() (token []byte, whole bool, err error) {
	start := d.i
	if d.b[d.i] == '-' {
		d.i++
	}
	if d.i < len(d.b) && named[d.b[d.i]] != "" {
		err = d.literal(named[d.b[d.i]])
		return d.b[start:d.i], false, err
	}
	lead := d.i
	ok := d.digits() && (d.b[lead] != '0' || d.i == lead+1)
	end := d.i
	if ok && d.at('.') {
		d.i++
		ok = d.digits()
	}
	if ok && (d.at('e') || d.at('E')) {
		d.i++
		if d.at('+') || d.at('-') {
			d.i++
		}
		ok = d.digits()
	}
	if !ok {
		return nil, false, d.malformed("a number is misspelt")
	}
	return d.b[start:d.i], d.i == end, nil
}

var named = [256]string{'N': "NaN", 'I': "Infinity"}

func (d *decoder) at(c byte) bool { return d.i < len(d.b) && d.b[d.i] == c }

// digits passes over digits and tells whether there were any.
func (d *decoder) digits() bool {
	start := d.i
	for d.i < len(d.b) && d.b[d.i]-'0' <= 9 {
		d.i++
	}
	return d.i > start
}

// floating reads a float64: a number (one too large is infinite), a numeric string, "NaN", "Infinity", "-Infinity", or a boolean as 1
// and 0. MLflow's own server takes the literals NaN, Infinity and 1e400 without complaint and stores 0; here they are what they say.
func (d *decoder) floating() (float64, error) {
	switch c := d.peek(); {
	case c == '"':
		s, err := d.rawText()
		if err != nil {
			return 0, err
		}
		return floatText(string(s))
	case isNumberStart(c):
		token, _, err := d.number()
		if err != nil {
			return 0, err
		}
		if f, ok := exactFloat(token); ok {
			return f, nil
		}
		return parseFloat(string(token)), nil
	case c == 't' || c == 'f':
		if yes, err := d.boolean(); !yes {
			return 0, err
		}
		return 1, nil
	}
	return 0, d.want("a number")
}

// exactFloat parses a checked decimal without exponent whose digits and power of ten are exact as float64, so that one division rounds
// once: most of the numbers that are logged, at a third of the cost of strconv.
func exactFloat(token []byte) (float64, bool) {
	digits, places, point := uint64(0), 0, false
	for _, c := range token {
		switch {
		case c == '.':
			point = true
			continue
		case c-'0' > 9 || digits >= 1<<49:
			return 0, false
		case point:
			places++
		}
		digits = digits*10 + uint64(c-'0')
	}
	return float64(digits) / powers[min(places, len(powers)-1)], digits < 1<<53 && places < len(powers)
}

// powers are the powers of ten that a float64 holds exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat parses what was checked to be a number; beyond the range it is infinite.
func parseFloat(token string) float64 {
	f, _ := strconv.ParseFloat(token, 64)
	return f
}

func floatText(s string) (float64, error) {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if strings.ContainsAny(s, "xX_") || err != nil && !math.IsInf(f, 0) {
		return 0, wrong(quoted(s) + " is not a number")
	}
	return f, nil
}

func float32Text(s string) (float32, error) {
	f, err := floatText(s)
	return float32(f), err
}

func (d *decoder) floating32() (float32, error) {
	f, err := d.floating()
	return float32(f), err
}

// integer reads a whole number that fits bits: a number, or a string that holds one ("3", "3.0"). A number with a fraction is cut to its
// whole part (a step of 3.5 is 3): MLflow's server answers 200 to it and stores 0. A string with a fraction and a boolean are refused.
func (d *decoder) integer(bits int) (int64, error) {
	switch c := d.peek(); {
	case c == '"':
		s, err := d.rawText()
		if err != nil {
			return 0, err
		}
		return integerText(string(s), bits)
	case isNumberStart(c):
		token, whole, err := d.number()
		if err != nil {
			return 0, err
		}
		if whole && len(token) <= safeDigits[bits] {
			return smallInteger(token), nil
		}
		return parseInteger(string(token), whole, bits)
	}
	return 0, d.want("a whole number")
}

// safeDigits is the length up to which every whole number fits the bits.
var safeDigits = [65]int{32: 9, 64: 18}

// smallInteger parses a checked token of at most safeDigits characters.
func smallInteger(token []byte) int64 {
	n, negative := int64(0), token[0] == '-'
	if negative {
		token = token[1:]
	}
	for _, c := range token {
		n = n*10 + int64(c-'0')
	}
	if negative {
		return -n
	}
	return n
}

func parseInteger(token string, whole bool, bits int) (int64, error) {
	if whole {
		n, err := strconv.ParseInt(token, 10, bits)
		if err != nil {
			return 0, outOfRange(token, bits)
		}
		return n, nil
	}
	f := math.Trunc(parseFloat(token))
	if limit := math.Ldexp(1, bits-1); !(f >= -limit && f < limit) {
		return 0, outOfRange(token, bits)
	}
	return int64(f), nil
}

func integerText(s string, bits int) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, bits); err == nil {
		return n, nil
	}
	f, err := floatText(s)
	if err != nil || f != math.Trunc(f) || strings.TrimSpace(s) != s {
		return 0, wrong(quoted(s) + " is not a whole number")
	}
	return parseInteger(s, !strings.ContainsAny(s, ".eEiI"), bits)
}

// natural is integer for numbers without sign.
func (d *decoder) natural(bits int) (uint64, error) {
	switch c := d.peek(); {
	case c == '"':
		s, err := d.rawText()
		if err != nil {
			return 0, err
		}
		return naturalText(string(s), bits)
	case isNumberStart(c):
		token, _, err := d.number()
		if err != nil {
			return 0, err
		}
		return naturalText(string(token), bits)
	}
	return 0, d.want("a whole number")
}

func naturalText(s string, bits int) (uint64, error) {
	if n, err := strconv.ParseUint(s, 10, bits); err == nil {
		return n, nil
	}
	f, err := floatText(s)
	if err != nil || !(f >= 0 && f < math.Ldexp(1, bits) && f == math.Trunc(f)) || !strings.ContainsAny(s, ".eE") {
		return 0, wrong(quoted(s) + " is not a whole number from 0 to 2^" + strconv.Itoa(bits) + "-1")
	}
	return uint64(f), nil
}

func outOfRange(token string, bits int) error {
	return wrong(quoted(token) + " does not fit a whole number of " + strconv.Itoa(bits) + " bits")
}

// quoted cuts what a caller sent to a length that fits a message.
func quoted(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}
