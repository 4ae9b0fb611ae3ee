package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"bailiwick/fail"
)

// s3Bucket is a bucket of Amazon S3, or of what speaks its protocol.
type s3Bucket struct {
	client *s3.Client
	signer *s3.PresignClient
	bucket string
}

const (
	// copyWhole is the most that one request copies (S3 allows 5 GiB); more goes by parts of copyPart, copiesAtOnce at a time.
	copyWhole    = 1 << 30
	copyPart     = 512 << 20
	copiesAtOnce = 4
)

// openS3 takes s3://bucket/prefix?region=…&endpoint=URL&path_style=true|false. Credentials, and region and endpoint where the
// location has none, come from where the AWS tools look: AWS_* variables, ~/.aws, the role of the machine or pod.
func openS3(ctx context.Context, u *url.URL) (bucket, error) {
	q := u.Query()
	endpoint := firstOf(q.Get("endpoint"), os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	pathStyle, err := strconv.ParseBool(firstOf(q.Get("path_style"), strconv.FormatBool(endpoint != "")))
	if err != nil {
		return nil, fail.Invalidf("path_style of an s3: artifact location is true or false")
	}
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(tune)),
		config.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), tries) }),
	}
	if region := q.Get("region"); region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fail.Internalf(err, "the configuration of the AWS credentials cannot be read")
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.DisableLogOutputChecksumValidationSkipped = true
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired // ranges have none
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // others than Amazon may not know the newer ones
		}
	})
	return &s3Bucket{client: client, signer: s3.NewPresignClient(client), bucket: u.Host}, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (b *s3Bucket) name() string { return "s3://" + b.bucket }

func (b *s3Bucket) put(ctx context.Context, key string, body []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: &key, Body: bytes.NewReader(body)})
	return err
}

func (b *s3Bucket) get(ctx context.Context, key string, from, length int64) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &key, Range: aws.String(httpRange(from, length))})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

// httpRange asks for length bytes, at least one.
func httpRange(from, length int64) string {
	return "bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(from+length-1, 10)
}

func (b *s3Bucket) stat(ctx context.Context, key string) (entry, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &key})
	if err != nil {
		return entry{}, err
	}
	return entry{key, aws.ToInt64(out.ContentLength), aws.ToTime(out.LastModified)}, nil
}

func (b *s3Bucket) remove(ctx context.Context, key string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &key})
	if err != nil && b.trouble(err) == absent {
		return nil
	}
	return err
}

func (b *s3Bucket) list(ctx context.Context, prefix string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(entry{}, err)
				return
			}
			for _, o := range page.Contents {
				if !yield(entry{aws.ToString(o.Key), aws.ToInt64(o.Size), aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

func (b *s3Bucket) copy(ctx context.Context, from, to string, size int64) error {
	source := b.bucket + "/" + strings.ReplaceAll((&url.URL{Path: from}).EscapedPath(), "+", "%2B") // it is read like a form
	if size > copyWhole {
		return b.copyParts(ctx, source, to, size)
	}
	_, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &b.bucket, Key: &to, CopySource: &source,
		MetadataDirective: types.MetadataDirectiveReplace}) // a copy to itself must change something
	return err
}

func (b *s3Bucket) copyParts(ctx context.Context, source, to string, size int64) error {
	session, err := b.begin(ctx, to)
	if err != nil {
		return err
	}
	length := max(copyPart, (size+maxParts-1)/maxParts)
	parts := make([]Part, (size+length-1)/length)
	all, inner := errgroup.WithContext(ctx)
	all.SetLimit(copiesAtOnce)
	for i := range parts {
		all.Go(func() (err error) {
			from := int64(i) * length
			parts[i], err = b.copyPart(inner, source, to, session, i+1, httpRange(from, min(length, size-from)))
			return err
		})
	}
	if err = all.Wait(); err == nil {
		err = b.complete(ctx, to, session, parts)
	}
	if err != nil {
		clean, cancel := detached(ctx)
		defer cancel()
		_ = b.abort(clean, to, session)
	}
	return err
}

func (b *s3Bucket) copyPart(ctx context.Context, source, to, session string, n int, bytes string) (Part, error) {
	out, err := b.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: &b.bucket, Key: &to, UploadId: &session,
		PartNumber: aws.Int32(int32(n)), CopySource: &source, CopySourceRange: &bytes})
	if err != nil {
		return Part{}, err
	}
	return Part{n, aws.ToString(out.CopyPartResult.ETag)}, nil
}

func (b *s3Bucket) begin(ctx context.Context, key string) (string, error) {
	out, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.bucket, Key: &key})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.UploadId), nil
}

func (b *s3Bucket) part(ctx context.Context, key, session string, n int, body []byte) (Part, error) {
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &b.bucket, Key: &key, UploadId: &session,
		PartNumber: aws.Int32(int32(n)), Body: bytes.NewReader(body)})
	if err != nil {
		return Part{}, err
	}
	return Part{n, aws.ToString(out.ETag)}, nil
}

func (b *s3Bucket) complete(ctx context.Context, key, session string, parts []Part) error {
	done := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		done[i] = types.CompletedPart{PartNumber: aws.Int32(int32(p.Number)), ETag: &p.Tag}
	}
	_, err := b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &b.bucket, Key: &key, UploadId: &session,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	return err
}

func (b *s3Bucket) abort(ctx context.Context, key, session string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.bucket, Key: &key, UploadId: &session})
	return err
}

func (b *s3Bucket) sweep(ctx context.Context, prefix string, before time.Time) (swept int, err error) {
	pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{Bucket: &b.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return swept, err
		}
		for _, u := range page.Uploads {
			gone, err := b.abortOld(ctx, u, before)
			if err != nil {
				return swept, err
			}
			swept += gone
		}
	}
	return swept, nil
}

// abortOld aborts an upload that neither began nor got a part since the time.
func (b *s3Bucket) abortOld(ctx context.Context, u types.MultipartUpload, before time.Time) (int, error) {
	if !aws.ToTime(u.Initiated).Before(before) {
		return 0, nil
	}
	parts := s3.NewListPartsPaginator(b.client, &s3.ListPartsInput{Bucket: &b.bucket, Key: u.Key, UploadId: u.UploadId})
	for parts.HasMorePages() {
		page, err := parts.NextPage(ctx)
		if err != nil && b.trouble(err) == absent {
			return 0, nil // completed or aborted meanwhile
		} else if err != nil {
			return 0, err
		}
		for _, p := range page.Parts {
			if !aws.ToTime(p.LastModified).Before(before) {
				return 0, nil
			}
		}
	}
	if err := b.abort(ctx, aws.ToString(u.Key), aws.ToString(u.UploadId)); err != nil && b.trouble(err) != absent {
		return 0, err
	}
	return 1, nil
}

func (b *s3Bucket) sign(ctx context.Context, r signing) (Address, error) {
	life := s3.WithPresignExpires(r.life)
	switch {
	case r.method == http.MethodGet:
		return s3Address(b.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &r.key,
			ResponseContentDisposition: r.disposition()}, life))
	case r.n > 0:
		return s3Address(b.signer.PresignUploadPart(ctx, &s3.UploadPartInput{Bucket: &b.bucket, Key: &r.key, UploadId: &r.session,
			PartNumber: aws.Int32(int32(r.n))}, life))
	}
	return s3Address(b.signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: &r.key}, life))
}

func s3Address(r *v4.PresignedHTTPRequest, err error) (Address, error) {
	if err != nil {
		return Address{}, err
	}
	a := Address{URL: r.URL, Headers: map[string]string{}}
	for name := range r.SignedHeader {
		if name != "Host" && name != "Content-Length" {
			a.Headers[name] = r.SignedHeader.Get(name)
		}
	}
	return a, nil
}

func (b *s3Bucket) trouble(err error) trouble {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) {
		if t, ok := s3Codes[named.ErrorCode()]; ok {
			return t
		}
	}
	var answered *awshttp.ResponseError
	if errors.As(err, &answered) {
		return troubleOf(answered.HTTPStatusCode())
	}
	if errors.As(err, &named) {
		return broken
	}
	return troubleOf(0)
}

// s3Codes are errors that their status does not tell.
var s3Codes = map[string]trouble{
	"NoSuchKey": absent, "NoSuchBucket": absent, "NoSuchUpload": absent, "NotFound": absent,
	"SlowDown": unanswered, "RequestTimeout": unanswered, "InternalError": unanswered,
	"AccessDenied": denied, "InvalidAccessKeyId": denied, "SignatureDoesNotMatch": denied, "ExpiredToken": denied,
	"XAdminUserNotFound": denied, // versitygw, for a key that it does not know
}
