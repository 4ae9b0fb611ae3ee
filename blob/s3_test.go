package blob

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// unfinished are the keys of uploads in parts below a prefix.
func (b *s3Bucket) unfinished(t *testing.T, prefix string) (found []string) {
	t.Helper()
	out, err := b.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b.bucket, Prefix: &prefix})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range out.Uploads {
		found = append(found, "upload of "+aws.ToString(u.Key))
	}
	return found
}
