package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/registry/webhook"
	"bailiwick/store"
)

// commentRoutes is the table of comments on versions. What there is to read comes with a version's activities.
func (f *Front) commentRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /comments/create", authz.CommentVersion, version((*CommentOnVersion).GetName, (*CommentOnVersion).GetVersion), createComment,
			recorded[CommentOnVersion]("createComment")),
		api.Write("PATCH /comments/update", authz.CommentVersion, ownComment, updateComment, recorded[ChangeComment]("updateComment")),
		api.Write("DELETE /comments/delete", authz.CommentVersion, ownComment, deleteComment, recorded[ChangeComment]("deleteComment")),
	}
}

// ownComment finds a comment that is to be changed. The law lets its author alone do that, as long as he may comment at all; whoever else may
// look at it is told so, and nobody else that it exists.
func ownComment(c *api.Call, q *ChangeComment) (*registry.Comment, api.Target, error) {
	id := deref(q.Id, "")
	if id == "" {
		return nil, api.Target{}, fail.Invalidf("Missing value for required parameter 'id'.")
	}
	m, err := c.Tx.Comment(id)
	if err != nil {
		return nil, api.Target{}, err
	}
	target := api.Target{Object: m.Model, Absent: store.NotAComment(id), Name: "comment " + id}
	if m.Creator != c.Who.Principal {
		target.Frozen = fail.New(fail.Denied, "The comment is %s's: only who wrote a comment may change or delete it.", m.UserName)
	}
	return m, target, nil
}

func createComment(c *api.Call, v *registry.Version, q *CommentOnVersion) (*CommentResponse, error) {
	noteVersion(c, v)
	if err := registry.CheckNewComment(q.GetComment()); err != nil {
		return nil, err
	}
	m := &registry.Comment{Key: v.Key(), Creator: c.Who.Principal, UserName: c.Principal().Name, Text: q.GetComment()}
	if err := c.Tx.InsertComment(m); err != nil {
		return nil, err
	}
	c.Note("id", m.ID)
	c.Change(nil, fields("comment", m.Text))
	e := event(c, webhook.CommentMade, v)
	e.Comment = m.Text
	return &CommentResponse{Comment: commentOf(c, m)}, c.Tx.Emit(e)
}

func updateComment(c *api.Call, m *registry.Comment, q *ChangeComment) (*CommentResponse, error) {
	next := deref(q.Comment, "")
	if err := registry.CheckNewComment(next); err != nil {
		return nil, err
	}
	c.Note("id", m.ID)
	c.Change(fields("comment", m.Text), fields("comment", next))
	if err := c.Tx.ChangeComment(m, next); err != nil {
		return nil, err
	}
	return &CommentResponse{Comment: commentOf(c, m)}, nil
}

func deleteComment(c *api.Call, m *registry.Comment, _ *ChangeComment) (*Nothing, error) {
	c.Note("id", m.ID)
	c.Change(fields("comment", m.Text), nil)
	return &Nothing{}, c.Tx.DeleteComment(m)
}
