package credential

import "strings"

// maxProgram is the most characters of a program's name.
const maxProgram = 40

// programs are the names of programs that call themselves otherwise.
var programs = map[string]string{
	"mlflow-python-client": "mlflow", "cli": "databricks-cli", "mozilla": "browser", "databricks-tf-provider": "terraform",
	"databricks-sql-connector": "databricks-sql",
}

// ProgramOf gives the program behind a User-Agent, without its version: "mlflow", "databricks-sdk-py", "browser". What calls itself "unknown" is
// called by the library it is made with. What is no name gives "(unnamed)".
func ProgramOf(agent string) string {
	const most = 8 // products that are looked at
	for range most {
		var product string
		product, agent, _ = strings.Cut(strings.TrimLeft(agent, " "), " ")
		name, _, _ := strings.Cut(product, "/")
		if name == "" {
			break
		}
		if name = strings.ToLower(name[:min(len(name), maxProgram)]); name == "unknown" || !isName(name) {
			continue
		}
		if known, ok := programs[name]; ok {
			return known
		}
		return name
	}
	return "(unnamed)"
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
