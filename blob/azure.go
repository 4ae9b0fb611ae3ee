package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"bailiwick/fail"
)

// azureBucket is a container of Azure Blob Storage.
type azureBucket struct {
	client *container.Client
	bucket string
}

// openAzure takes azblob://container/prefix?account=…&endpoint=URL. Credentials are, for the account of AZURE_STORAGE_ACCOUNT, its key
// (AZURE_STORAGE_KEY) or AZURE_STORAGE_SAS_TOKEN; where no account is named, AZURE_STORAGE_CONNECTION_STRING; and else what the Azure
// tools find: AZURE_CLIENT_ID and its companions, workload and managed identity. Key and token never go to another account or to an
// endpoint of the location's own.
func openAzure(_ context.Context, u *url.URL) (bucket, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	tune(base)
	options := &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: &http.Client{Transport: base}, Retry: policy.RetryOptions{MaxRetries: tries - 1, MaxRetryDelay: 5 * time.Second},
	}}
	client, err := azureClient(u, options)
	var known *fail.Error
	if err != nil && !errors.As(err, &known) {
		err = fail.Internalf(err, "the Azure credentials cannot be used")
	}
	return &azureBucket{client: client, bucket: u.Host}, err
}

func azureClient(u *url.URL, options *container.ClientOptions) (*container.Client, error) {
	own, endpoint := os.Getenv("AZURE_STORAGE_ACCOUNT"), u.Query().Get("endpoint")
	account := firstOf(u.Query().Get("account"), own)
	if connection := azureConnection(); connection != "" && endpoint == "" && account == "" {
		client, err := container.NewClientFromConnectionString(connection, u.Host, options)
		if err != nil {
			return nil, fail.Invalidf("AZURE_STORAGE_CONNECTION_STRING cannot be read") // the reason may repeat the key
		}
		return client, nil
	}
	if account == "" && endpoint == "" {
		return nil, fail.Invalidf("azblob: artifact locations need an account: ?account=…, AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING")
	}
	ours := endpoint == "" && account == own
	at, err := url.JoinPath(firstOf(endpoint, "https://"+account+".blob.core.windows.net"), u.Host)
	if err != nil {
		return nil, fail.Invalidf("endpoint of an azblob: artifact location is no URL")
	}
	if ours {
		if client, err := azureOwn(at, account, options); client != nil || err != nil {
			return client, err
		}
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		return nil, err
	}
	return container.NewClient(at, credential, options)
}

func azureConnection() string {
	return firstOf(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING"))
}

// azureOwn is the client with the account's own key or token; nil when there is neither.
func azureOwn(at, account string, options *container.ClientOptions) (*container.Client, error) {
	if secret := os.Getenv("AZURE_STORAGE_KEY"); secret != "" {
		key, err := container.NewSharedKeyCredential(account, secret)
		if err != nil {
			return nil, fail.Invalidf("AZURE_STORAGE_KEY is no account key")
		}
		return container.NewClientWithSharedKeyCredential(at, key, options)
	}
	if token := os.Getenv("AZURE_STORAGE_SAS_TOKEN"); token != "" {
		return container.NewClientWithNoCredential(at+"?"+token, options)
	}
	return nil, nil
}

func (b *azureBucket) name() string { return "azblob://" + b.bucket }

func (b *azureBucket) put(ctx context.Context, key string, body []byte) error {
	_, err := b.client.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(bytes.NewReader(body)), nil)
	return err
}

func (b *azureBucket) get(ctx context.Context, key string, from, length int64) (io.ReadCloser, error) {
	r, err := b.client.NewBlobClient(key).DownloadStream(ctx, &azblob.DownloadStreamOptions{Range: azblob.HTTPRange{Offset: from, Count: length}})
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

func (b *azureBucket) stat(ctx context.Context, key string) (entry, error) {
	p, err := b.client.NewBlobClient(key).GetProperties(ctx, nil)
	if err != nil {
		return entry{}, err
	}
	return entry{key, given(p.ContentLength), given(p.LastModified)}, nil
}

// given is what a provider said, or nothing.
func given[T any](p *T) (t T) {
	if p != nil {
		t = *p
	}
	return t
}

func (b *azureBucket) remove(ctx context.Context, key string) error {
	_, err := b.client.NewBlobClient(key).Delete(ctx, nil)
	if err != nil && b.trouble(err) == absent {
		return nil
	}
	return err
}

func (b *azureBucket) list(ctx context.Context, prefix string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for pages := b.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &prefix}); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(entry{}, err)
				return
			}
			for _, o := range page.Segment.BlobItems {
				if !yield(entry{given(o.Name), given(o.Properties.ContentLength), given(o.Properties.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// copyPause is how often a copy under way is asked for.
const copyPause = 200 * time.Millisecond

// copy asks for a copy inside of the account, which mostly is done at once. To itself it sets the metadata: none, as before.
func (b *azureBucket) copy(ctx context.Context, from, to string, _ int64) error {
	target := b.client.NewBlobClient(to)
	if from == to {
		_, err := target.SetMetadata(ctx, nil, nil)
		return err
	}
	begun, err := target.StartCopyFromURL(ctx, b.client.NewBlobClient(from).URL(), nil)
	if err != nil {
		return err
	}
	for status := given(begun.CopyStatus); status == azblob.CopyStatusTypePending; {
		select {
		case <-time.After(copyPause):
		case <-ctx.Done():
			return ctx.Err()
		}
		p, err := target.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		if status = given(p.CopyStatus); status == azblob.CopyStatusTypeFailed || status == azblob.CopyStatusTypeAborted {
			return fmt.Errorf("the copy ended as %s: %s", status, given(p.CopyStatusDescription))
		}
	}
	return nil
}

// begin only makes a name: blocks wait at their key until a list of them is committed, or for a week.
func (b *azureBucket) begin(context.Context, string) (string, error) { return rand.Text(), nil }

// block names part n of a session; all names of a blob's blocks must have one length.
func block(session string, n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%05d", session, n))
}

func (b *azureBucket) part(ctx context.Context, key, session string, n int, body []byte) (Part, error) {
	_, err := b.client.NewBlockBlobClient(key).StageBlock(ctx, block(session, n), streaming.NopCloser(bytes.NewReader(body)), nil)
	return Part{Number: n}, err
}

func (b *azureBucket) complete(ctx context.Context, key, session string, parts []Part) error {
	var blocks []string
	for _, p := range parts {
		blocks = append(blocks, block(session, p.Number))
	}
	_, err := b.client.NewBlockBlobClient(key).CommitBlockList(ctx, blocks, nil)
	return err
}

// abort puts an empty blob, which drops the blocks that wait, and removes it.
func (b *azureBucket) abort(ctx context.Context, key, _ string) error {
	if err := b.put(ctx, key, nil); err != nil {
		return err
	}
	return b.remove(ctx, key)
}

// sweep does nothing: Azure drops blocks that were not committed for a week.
func (b *azureBucket) sweep(context.Context, string, time.Time) (int, error) { return 0, nil }

func (b *azureBucket) sign(_ context.Context, r signing) (Address, error) {
	permissions := sas.BlobPermissions{Create: true, Write: true}
	headers := map[string]string{"X-Ms-Blob-Type": "BlockBlob"}
	more := ""
	switch {
	case r.method == http.MethodGet:
		permissions, headers = sas.BlobPermissions{Read: true}, nil
	case r.n > 0:
		headers = nil
		more = "&comp=block&blockid=" + url.QueryEscape(block(r.session, r.n))
	}
	text, err := b.client.NewBlobClient(r.key).GetSASURL(permissions, time.Now().Add(r.life), nil)
	if err != nil {
		return Address{}, fail.Statef("addresses for direct transfer need the account's key; the Azure credentials here are of another kind")
	}
	return Address{URL: text + more, Headers: headers}, nil
}

func (b *azureBucket) trouble(err error) trouble {
	var answered *azcore.ResponseError
	var credential interface{ NonRetriable() }
	switch {
	case errors.As(err, &answered):
		return troubleOf(answered.StatusCode)
	case errors.As(err, &credential):
		return denied
	}
	return troubleOf(0)
}
