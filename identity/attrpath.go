package identity

import (
	"strings"

	scim "github.com/scim2/filter-parser/v2"
)

// attrPath names an attribute: of an extension when urn is set, a sub-attribute when sub is.
type attrPath struct{ urn, name, sub string }

// pathOf gives canonical spellings where they are known. Core URNs vanish: core attributes stand at the top of each resource.
func pathOf(p scim.AttributePath) attrPath {
	out := attrPath{urn: usualURN(p.URI()), name: p.AttributeName, sub: p.SubAttributeName()}
	if out.urn != "" {
		return out
	}
	for _, s := range []*schema{&userSchema, &groupSchema, &servicePrincipalSchema} {
		if a, ok := s.find(out.name); ok {
			out.name = a.name
		}
	}
	return out
}

// caseExact: ids compare exactly, everything else without case (RFC 7643 §7 lets caseExact default to false).
func (p attrPath) caseExact() bool {
	return p.sub == "" && (p.name == "id" || p.name == "externalId") || p.sub == "$ref"
}

// values gives the attribute's values in a resource or element, lists taken apart.
func (p attrPath) values(m map[string]any) []any {
	if p.urn != "" {
		ext, _ := get(m, p.urn)
		m, _ = ext.(map[string]any)
	}
	v, ok := get(m, p.name)
	if !ok {
		return nil
	}
	all := listOf(v)
	if p.sub == "" {
		return all
	}
	var out []any
	for _, e := range all {
		if sub, ok := e.(map[string]any); ok {
			if v, ok := get(sub, p.sub); ok {
				out = append(out, listOf(v)...)
			}
		}
	}
	return out
}

func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// maxPath is the most bytes of an attribute path.
const maxPath = 512

// parseAttrPath parses an attribute path: an optional URN, a name, an optional sub-attribute.
func parseAttrPath(text, scimType string) (attrPath, error) {
	urn, rest := splitURN(text)
	p, ok := plainPath(rest)
	if !ok && len(text) <= maxPath && !strings.HasPrefix(rest, "$v") {
		parsed, err := scim.ParseAttrPath([]byte(rest))
		p, ok = parsed, err == nil
	}
	if !ok {
		return attrPath{}, invalid(scimType, "%q is not an attribute path", shorten(text))
	}
	if urn != "" {
		p.URIPrefix = &urn
	}
	return pathOf(p), nil
}

// plainPath takes name and name.sub apart without the parser, which is slow.
func plainPath(text string) (scim.AttributePath, bool) {
	name, sub, dotted := strings.Cut(text, ".")
	p := scim.AttributePath{AttributeName: name}
	if dotted {
		p.SubAttribute = &sub
	}
	return p, len(text) <= maxPath && isName(name) && (!dotted || isName(sub))
}

// isName: a letter, then letters, digits, - and _ (RFC 7643 §2.1), or $ref.
func isName(s string) bool {
	rest := strings.TrimLeft(s, letters)
	return s == "$ref" || len(rest) < len(s) && strings.Trim(rest, letters+"0123456789-_") == ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
