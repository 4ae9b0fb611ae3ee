package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"bailiwick/authz"
)

// typeNames are the Cedar types of the kinds.
var typeNames = map[authz.Kind]string{
	authz.Directory: "Directory", authz.Notebook: "Notebook", authz.File: "File", authz.Experiment: "Experiment",
	authz.RegisteredModel: "RegisteredModel", authz.Job: "Job", authz.Endpoint: "Endpoint", authz.Cluster: "Cluster",
	authz.SecretScope: "SecretScope", authz.Tokens: "Tokens", authz.Passwords: "Passwords", authz.Workspace: "Workspace",
	authz.ServiceIdentity: "ServicePrincipalAccess", // ServicePrincipal is who calls
}

// The Cedar types of principals, and of what they are in.
const (
	typeUser    = "User"
	typeMachine = "ServicePrincipal"
	typeGroup   = "Group"
	typeRole    = "Role"
	typeAction  = "Action"
)

// head is the part of the schema that no table says.
const head = `// What policies may be about, made from the kinds and abilities of this server.

// The names are those of access control lists; lists of groups are asked with "principal in Group::\"…\"", of roles with Role::"…".
entity User in [Group, Role] { name: String };
entity ServicePrincipal in [Group, Role] { name: String };
entity Group;
entity Role;

// What is known of a call. claims are the roles and groups that the provider gave when the caller signed in; what brings no claims has none.
type Call = {
	time: datetime,
	weekday: String,      // "monday" … "sunday", UTC
	hour: Long,           // 0 … 23, UTC
	method: String,       // "token", "session", …
	claims: Set<String>,
	roles: Set<String>,   // assumed for the session
	provider: String,     // the name of the provider that the caller signed in with, or empty
	source?: ipaddr,      // the client's address
	credentialAge?: duration
};

`

// Schema gives the Cedar schema that policies are held against, made from authz's kinds and abilities.
func Schema() string {
	var b strings.Builder
	b.WriteString(head)
	for _, k := range authz.Kinds() {
		writeKind(&b, k)
	}
	b.WriteString("\n")
	for _, a := range authz.KnownAbilities() {
		if on := kindsOf(a); len(on) > 0 {
			fmt.Fprintf(&b, "action %q appliesTo { principal: [User, ServicePrincipal], resource: [%s], context: Call };\n", a, strings.Join(on, ", "))
		}
	}
	return b.String()
}

func writeKind(b *strings.Builder, k authz.KindInfo) {
	name := typeNames[k.Kind]
	within, fields := "", []string{"name: String"}
	if k.Tree {
		within = " in [Directory]"
		fields = append(fields, "path: String")
	}
	fields = append(fields, "creator?: String")
	if k.Kind.Stewarded() {
		fields = append(fields, "owner?: String", "contact?: String", "tier?: String", "lifecycle?: String")
	}
	tags := ""
	if k.Kind.Stewarded() {
		tags = " tags String"
	}
	fmt.Fprintf(b, "entity %s%s { %s }%s;\n", name, within, strings.Join(fields, ", "), tags)
}

func kindsOf(a authz.Ability) (names []string) {
	for _, k := range authz.Kinds() {
		if k.Kind.Has(a) {
			names = append(names, typeNames[k.Kind])
		}
	}
	return names
}

// kindOfType finds the kind of a Cedar type.
func kindOfType(name string) (authz.Kind, bool) {
	for k, n := range typeNames {
		if n == name {
			return k, true
		}
	}
	return 0, false
}

// typed gives the schema ready for checking.
func typed() (*resolved.Schema, error) {
	var s schema.Schema
	if err := s.UnmarshalCedar([]byte(Schema())); err != nil {
		return nil, err
	}
	return s.Resolve()
}

// knownTag says whether policies may ask for a tag.
func knownTag(key string) bool { return slices.Contains(authz.StewardTags(), key) }
