package mlflow

import (
	"slices"

	"bailiwick/api"
)

// trackingRoutes is the table of experiments, runs, metrics, params and tags; each file of a noun has its own part of it.
func (f *Front) trackingRoutes() []api.Route {
	return slices.Concat(f.experimentRoutes(), f.runRoutes(), f.paramTagRoutes(), f.metricRoutes(), f.historyRoutes(), f.searchRoutes(), f.bulkRoutes(),
		f.listRoutes(), f.partRoutes(), f.presignedRoutes(), f.credentialRoutes(), f.loggedModelRoutes(), f.inputRoutes())
}
