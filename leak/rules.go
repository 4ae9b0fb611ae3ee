package leak

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
)

// Rules are what credentials of other products are known by. They take some 25 MB of memory: who has nothing to search lets go of them.
type Rules struct {
	rules      []config.Rule
	everywhere []*config.Allowlist
}

// ReadRules gives the rules that gitleaks comes with. Those that know a file by its name alone, or by several finds together, are left out.
func ReadRules() (*Rules, error) {
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(strings.NewReader(config.DefaultConfig)); err != nil {
		return nil, fmt.Errorf("rules of credentials: %w", err)
	}
	var raw config.ViperConfig
	if err := v.Unmarshal(&raw); err != nil {
		return nil, fmt.Errorf("rules of credentials: %w", err)
	}
	read, err := raw.Translate()
	if err != nil {
		return nil, fmt.Errorf("rules of credentials: %w", err)
	}
	r := &Rules{everywhere: read.Allowlists}
	for _, id := range slices.SortedFunc(slices.Values(read.OrderedRules), specificFirst) {
		rule := read.Rules[id]
		if rule.Regex == nil || rule.Path != nil || rule.SkipReport || len(rule.RequiredRules) > 0 {
			continue
		}
		for i := range rule.Keywords {
			rule.Keywords[i] = strings.ToLower(rule.Keywords[i])
		}
		r.rules = append(r.rules, rule)
	}
	return r, nil
}

// specificFirst puts the rules that know a product before those that know only that something looks like a key.
func specificFirst(a, b string) int {
	if x, y := strings.HasPrefix(a, "generic"), strings.HasPrefix(b, "generic"); x != y {
		if x {
			return 1
		}
		return -1
	}
	return strings.Compare(a, b)
}

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.rules) }
