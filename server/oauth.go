package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/goccy/go-yaml"

	"bailiwick/api/oauth"
	"bailiwick/bearer"
	"bailiwick/identity"
	"bailiwick/issuer"
	"bailiwick/registry/webhook"
)

// readClients reads the file of programs that people can let in, YAML or JSON.
func readClients(file string) ([]identity.PublicClient, error) {
	clients := []identity.PublicClient{identity.DatabricksCLI}
	if file == "" {
		return clients, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var content any
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %s", document{name: file}.at(err), messageOf(err))
	}
	var list struct {
		Clients []identity.PublicClient `json:"clients"`
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
	seen := map[string]bool{identity.DatabricksCLI.ID: true}
	for i := range list.Clients {
		c := &list.Clients[i]
		if seen[c.ID] {
			err = errors.Join(err, fmt.Errorf("client %s is there twice", c.ID))
		}
		seen[c.ID] = true
		err = errors.Join(err, c.Check())
	}
	return append(clients, list.Clients...), err
}

// openOAuth makes the authorization server, and the first key that it signs with.
func (s *Server) openOAuth(ctx context.Context) error {
	sealer, err := bearer.Under(s.Store.Key("oauth"))
	if err != nil {
		return err
	}
	clients, err := readClients(s.Config.OAuth.Clients)
	if err != nil {
		return err
	}
	allow, err := webhook.ParseAllow(s.Config.OAuth.Allow)
	if err != nil {
		return err
	}
	s.oauth = &oauth.Front{
		TokenKey: s.Store.Key("tokens"), FormKey: s.Store.Key("csrf"), Sealer: sealer, Account: oauth.AccountOf(s.Store.Workspace()),
		Clients: clients, Map: s.Store.Map, Read: s.Store.Read,
		Foreign: &issuer.Foreign{Allow: allow.As("oauth.allow"), Product: "bailiwick/" + Version},
	}
	s.oauth.Ring = &bearer.Ring{Audience: strconv.FormatInt(s.Store.Workspace(), 10), Load: s.oauth.LoadKey}
	s.Door.Bearer = s.oauth.Ring
	return s.oauth.Start(ctx, s.Store.WriteAlone)
}
