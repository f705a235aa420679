"""Where frames come from: each module turns one kind of source into `CameraFrame`, and imports what that source needs.

carla.Image                     --carla.frame-->   CameraFrame
CompressedImage, Image of ROS 2 --ros2.frame-->    CameraFrame
DRIVE.mcap                      --mcap.frames-->   CameraFrame, one after the other
webcam, video file, RTSP        --video.frames-->  CameraFrame, one after the other
folder                          --folder.frames--> CameraFrame, one after the other
                                  NoFrames

`Newest` is the way from a callback to a loop.
"""
