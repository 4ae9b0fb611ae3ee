package mlflow

import "bailiwick/api"

// trackingRoutes is the table of experiments, runs, metrics and logged models.
func (f *Front) trackingRoutes() []api.Route {
	return []api.Route{}
}
