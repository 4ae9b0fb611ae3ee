package mlflowui

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"bailiwick/api"
)

// nothing answers what to do where no pages are installed.
func nothing(c *api.Call) (*page, error) {
	c.SetHeader("Content-Type", typeOf(indexName))
	c.SetHeader("Content-Security-Policy", plainPolicy)
	c.SetHeader("Cache-Control", "no-store")
	c.SetStatus(http.StatusNotFound)
	return &page{[]byte(plainPage)}, nil
}

const plainStyle = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem}` +
	`pre{padding:1rem;overflow-x:auto;background:color-mix(in srgb,currentColor 8%,transparent)}h1{font-size:1.5rem}`

var plainPolicy = func() string {
	sum := sha256.Sum256([]byte(plainStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"
}()

const plainPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>MLflow's pages</title><style>` + plainStyle + `</style></head><body><main>
<h1>MLflow's own pages are not installed</h1>
<p>This server can show MLflow's own web pages, unmodified, out of MLflow's Python package. They are not part of it.</p>
<p>An administrator installs them by sending MLflow's wheel:</p>
<pre>pip download --no-deps mlflow==3.17.2
curl --fail-with-body -X PUT -H "Authorization: Bearer $BAILIWICK_TOKEN" \
  -T mlflow-3.17.2-py3-none-any.whl $BAILIWICK_HOST/api/governance/1.0/mlflow-ui</pre>
<p>Or the server is started with the setting <code>mlflow-ui</code>, which names a wheel or the folder of an installed package:</p>
<pre>bailiwick serve --mlflow-ui=/usr/lib/python3/dist-packages/mlflow</pre>
<p><a href="/">Back to the console</a></p>
</main></body></html>
`
