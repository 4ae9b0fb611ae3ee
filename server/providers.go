package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"bailiwick/api/oidc"
	"bailiwick/identity"
	"bailiwick/issuer"
	"bailiwick/registry/webhook"
)

// maxProviders is the most bytes of the file of providers.
const maxProviders = 1 << 20

// readProviders reads the file of providers, YAML or JSON, and gives all that is wrong with it.
func readProviders(file string) ([]identity.Provider, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(text) > maxProviders {
		return nil, fmt.Errorf("%s is larger than %d bytes", file, maxProviders)
	}
	var content any
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %s", document{name: file}.at(err), messageOf(err))
	}
	var list struct {
		Providers []identity.Provider `json:"providers"`
	}
	plain, err := json.Marshal(content)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(plain))
		d.DisallowUnknownFields()
		err = d.Decode(&list)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list.Providers, errors.Join(identity.CheckProviders(list.Providers)...)
}

// secretOf gives the secret of a provider's client; it is nowhere repeated.
func secretOf(p *identity.Provider) (string, error) {
	if p.SecretEnv != "" {
		if secret := os.Getenv(p.SecretEnv); secret != "" {
			return secret, nil
		}
		return "", fmt.Errorf("provider %s: the environment variable %s (client-secret-env) is not set", p.Name, p.SecretEnv)
	}
	if p.SecretFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(p.SecretFile)
	if secret := strings.TrimSpace(string(text)); err != nil || secret != "" {
		return secret, err
	}
	return "", fmt.Errorf("provider %s: the file %s (client-secret-file) is empty", p.Name, p.SecretFile)
}

// checkProviders gives what is wrong with the providers of a configuration.
func checkProviders(c *Config) error {
	if c.OIDC.Providers == "" {
		return nil
	}
	all, err := readProviders(c.OIDC.Providers)
	for i := range all {
		if _, serr := secretOf(&all[i]); serr != nil {
			err = errors.Join(err, serr)
		}
	}
	return err
}

// openProviders makes the clients of the configured providers.
func (s *Server) openProviders() error {
	s.signIn = &oidc.Front{Key: s.Store.Key("oidc"), SessionLife: s.Config.SessionLife}
	if s.Config.OIDC.Providers == "" {
		return nil
	}
	allow, err := webhook.ParseAllow(s.Config.OIDC.Allow)
	if err != nil {
		return err
	}
	all, err := readProviders(s.Config.OIDC.Providers)
	if err != nil {
		return err
	}
	for i := range all {
		secret, err := secretOf(&all[i])
		if err != nil {
			return err
		}
		s.signIn.Clients = append(s.signIn.Clients, issuer.New(all[i], secret, allow.As("oidc.allow"), "bailiwick/"+Version, nil))
	}
	return nil
}
