package databricks

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/registry"
)

// confRoutes is the workspace's configuration.
func confRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /workspace-conf", authz.ReadSettings, api.At[confKeys](authz.WorkspaceObject), getConf),
		api.Write("PATCH /workspace-conf", authz.ManageSettings, api.At[confValues](authz.WorkspaceObject), setConf,
			api.As[confValues]("workspaceConfEdit"), api.Alone[confValues]),
	}
}

// confDefaults are the keys that do something here, each with what it is until somebody sets it; empty = nothing.
var confDefaults = map[string]string{
	authz.SettingAccessControl: "true", authz.SettingEnforceView: "false", identity.SettingMaxLifetime: "", registry.SettingTwoPersons: "false",
	authz.SettingAddressLists: "false", identity.SettingTokens: "true", identity.SettingMaxUnused: strconv.Itoa(identity.UnusedDays),
	registry.SettingApprover: "",
}

// confKept are keys that clients set and read, and that are kept as they are given; nothing here depends on them.
var confKept = strings.Fields(`
	enforceClusterViewAcls enableJobViewAcls enforceUserIsolation maxUserInactiveDays
	enableExportNotebook enableResultsDownloading enableNotebookTableClipboard enableDcs enableWebTerminal enableDbfsFileBrowser
	enableDatabricksAutologgingAdminConf enableProjectTypeInWorkspace enableVerboseAuditLogs enableUploadDataUis enableFileStoreEndpoint
	enableGp3 enableWorkspaceFilesystem enableProjectsAllowList projectsAllowList projectsAllowListPermissions
	enableNotebookGitVersioning mlflowRunArtifactDownloadEnabled mlflowModelServingEndpointCreationEnabled
	mlflowModelRegistryEmailNotificationsEnabled storeInteractiveNotebookResultsInCustomerAccount enableDeprecatedClusterNamedInitScripts
	enableDeprecatedGlobalInitScripts jobsListBackendPaginationEnabled jobsListBackendPagination heapAnalyticsAdminConf
	rStudioUserDefaultHomeBase reposIpynbResultsExportPermissions
`)

// thresholds are the keys that say when the inventory of credentials finds one, each with what it is until somebody sets it.
var thresholds = credential.Settings()

func knownKey(key string) bool {
	_, ok := confDefaults[key]
	_, threshold := thresholds[key]
	return ok || threshold || slices.Contains(confKept, key)
}

type confKeys struct {
	Keys string `query:"keys"`
}

// confAnswer has null for what is not set.
type confAnswer map[string]*string

func getConf(c *api.Call, _ int64, q *confKeys) (*confAnswer, error) {
	keys := strings.Split(q.Keys, ",")
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	answer := confAnswer{}
	for _, key := range keys {
		value, set := c.Tx.Map.Setting(key)
		if !set {
			value = cmp.Or(confDefaults[key], thresholds[key])
		}
		if answer[key] = nil; value != "" || set {
			answer[key] = &value
		}
	}
	return &answer, nil
}

// checkKeys names the unknown keys as a JSON list, which Terraform reads.
func checkKeys(keys []string) error {
	unknown := slices.DeleteFunc(slices.Clone(keys), knownKey)
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	list, err := json.Marshal(slices.Compact(unknown))
	if err != nil {
		return err
	}
	return fail.Invalidf("Invalid keys: %s", list)
}

// confValues is a body that is nothing but keys and texts.
type confValues struct {
	values map[string]string
}

// UnmarshalJSON reads the body; a value that is no string is refused, as it would come back as another.
func (v *confValues) UnmarshalJSON(body []byte) error { return json.Unmarshal(body, &v.values) }

func setConf(c *api.Call, _ int64, q *confValues) (*empty, error) {
	keys := slices.Sorted(maps.Keys(q.values))
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	var events []authz.Event
	for _, key := range keys {
		more, err := confEvents(c.Tx.Map, key, q.values[key])
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
		c.Note(key, q.values[key])
	}
	c.SetStatus(http.StatusNoContent)
	if _, set := q.values[authz.SettingAddressLists]; set {
		return nil, governLists(c, events...)
	}
	return nil, c.Tx.Govern(events...)
}

// confEvents gives what setting a key does. Values are kept as they are written.
func confEvents(m *authz.Map, key, value string) ([]authz.Event, error) {
	if _, ok := thresholds[key]; ok {
		if err := credential.CheckSetting(key, value); err != nil {
			return nil, err
		}
	}
	switch key {
	case authz.SettingAccessControl:
		return authz.SwitchAccessControl(m, value)
	case registry.SettingTwoPersons, authz.SettingAddressLists, identity.SettingTokens:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return nil, fail.Invalidf("%s must be true or false, not %q", key, value)
		}
	case registry.SettingApprover:
		if err := identity.CheckComment(value); err != nil || strings.TrimSpace(value) != value {
			return nil, fail.Invalidf("%s must be the name of a role, as a provider claims it, or empty", key)
		}
	case identity.SettingMaxLifetime:
		if _, err := identity.ParseMaxLifetime(value); err != nil {
			return nil, err
		}
	case identity.SettingMaxUnused:
		if _, err := identity.ParseMaxUnused(value); err != nil {
			return nil, err
		}
	}
	return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: key, Value: value}}}, nil
}
