package gosdk

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/ml"
)

func TestRegistryWebhooks(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w := ada.ModelRegistry
	name, id := registered(t, ada)
	made := of(w.CreateWebhook(ctx, ml.CreateRegistryWebhook{ModelName: name, Description: "to the chat", Status: ml.RegistryWebhookStatusTestMode,
		Events:      []ml.RegistryWebhookEvent{ml.RegistryWebhookEventModelVersionCreated, ml.RegistryWebhookEventCommentCreated},
		HttpUrlSpec: &ml.HttpUrlSpec{Url: "https://hooks.invalid/x", Secret: "s3cret-key", Authorization: "Bearer t0ken"}})).must(t).Webhook
	holds(t, made.Id != "" && made.ModelName == name && made.Status == ml.RegistryWebhookStatusTestMode && len(made.Events) == 2, made)
	equal(t, made.HttpUrlSpec.Url, "https://hooks.invalid/x")
	of(w.UpdateWebhook(ctx, ml.UpdateRegistryWebhook{Id: made.Id, Description: "new", Status: ml.RegistryWebhookStatusDisabled})).must(t)
	mine := func(of []ml.RegistryWebhook) []ml.RegistryWebhook {
		return slices.DeleteFunc(of, func(h ml.RegistryWebhook) bool { return h.Id != made.Id })
	}
	listed := mine(all(t, w.ListWebhooks(ctx, ml.ListWebhooksRequest{ModelName: name})))
	holds(t, len(listed) == 1 && listed[0].Description == "new" && listed[0].Status == ml.RegistryWebhookStatusDisabled, listed)
	text := string(of(json.Marshal(listed)).must(t))
	holds(t, !strings.Contains(text, "s3cret") && !strings.Contains(text, "t0ken"), text)

	test := ml.TestRegistryWebhookRequest{Id: made.Id}
	of(w.TestRegistryWebhook(ctx, test)).fails(t, apierr.ErrBadRequest, "DISABLED")
	of(w.UpdateWebhook(ctx, ml.UpdateRegistryWebhook{Id: made.Id, Status: ml.RegistryWebhookStatusActive})).must(t)
	answer := of(w.TestRegistryWebhook(ctx, test)).must(t) // nobody is there
	holds(t, answer.StatusCode == 0 && answer.Body != "", answer)

	level(t, id, "ed", ml.RegisteredModelPermissionLevelCanManageProductionVersions)
	only(person(t, "ed").ModelRegistry.DeleteWebhook(ctx, ml.DeleteWebhookRequest{Id: made.Id})).refused(t, "CAN_MANAGE", nameOf(t, "ada"))
	only(person(t, "bob").ModelRegistry.DeleteWebhook(ctx, ml.DeleteWebhookRequest{Id: made.Id})).missing(t)
	must(t, w.DeleteWebhook(ctx, ml.DeleteWebhookRequest{Id: made.Id}))
	only(w.DeleteWebhook(ctx, ml.DeleteWebhookRequest{Id: made.Id})).missing(t)
}

// TestRegistryWebhookAddresses asks for calls that would reach into the server's own network.
func TestRegistryWebhookAddresses(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	name, _ := registered(t, ada)
	to := func(w ml.ModelRegistryInterface, model, url string) result[*ml.CreateWebhookResponse] {
		return of(w.CreateWebhook(ctx, ml.CreateRegistryWebhook{ModelName: model, HttpUrlSpec: &ml.HttpUrlSpec{Url: url},
			Events: []ml.RegistryWebhookEvent{ml.RegistryWebhookEventModelVersionCreated}}))
	}
	for _, url := range []string{"http://example.org/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.1/x",
		"https://169.254.169.254/latest", "ftp://example.org/x", "x"} {
		got := to(ada.ModelRegistry, name, url)
		holds(t, got.err != nil, url)
	}
	to(ada.ModelRegistry, "", "https://hooks.invalid/x").fails(t, apierr.ErrPermissionDenied) // of the whole registry: administrators
	made := to(person(t, "admin").ModelRegistry, "", "https://hooks.invalid/x").must(t)
	must(t, person(t, "admin").ModelRegistry.DeleteWebhook(ctx, ml.DeleteWebhookRequest{Id: made.Webhook.Id}))
}
